//! Records and frames that ffmpeg and its encoders wrote, in hexadecimal.

use bytes::Bytes;

/// The bytes of a fixture.
pub(crate) fn bytes(hex: &str) -> Bytes {
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap() as u8;
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// x264, 320x180, 30 frames a second, High, B-frames.
pub(crate) const AVCC_180P: &str = "0164000dffe1001a6764000dacd941419f9f01100000030010000\
    00303c0f142996001000668ebe3cb22c0fdf8f800";
/// x264, 1920x1080, 30000/1001, Constrained Baseline.
pub(crate) const AVCC_1080P: &str =
    "0142c028ffe100176742c028da01e0089f97011000003e90000ea600f1832a01000468ce0fc8";
/// x264, 320x180, 4:2:2, 10 bits, interlaced.
pub(crate) const AVCC_422_10_INTERLACED: &str = "017a0015ffe1001a677a0015b6cd941433f3e0220000\
    03000200000300783e28532c01000668fba3cb22c0fefafa00";
/// x264, 320x180, 4:4:4.
pub(crate) const AVCC_444: &str = "01f4000dffe1001967f4000d919b282833f1b8088000000300800000\
    1e078a14cb01000668ebe3c44844fff8f800";
/// x265, 320x180, Main; without the encoder's SEI.
pub(crate) const HVCC_180P: &str = "0101600000009000000000003cf000fcfdf8f800000f03200001001840\
    010c01ffff01600000030090000003000003003c959809210001002b42010101600000030090000003000003003c\
    a00a080b9f796566924caf016808000003000800000300f04022000100074401c172b46240";
/// x265, 320x180, 4:2:2, 10 bits; without the encoder's SEI.
pub(crate) const HVCC_422_10: &str = "0104080000009d08000000003cf000fcfefafa00000f0320000100\
    1740010c01ffff0408000003009d0800000300003c959809210001002a4201010408000003009d0800000300003c\
    b00a080b9f2b65959a4932bc05a020000003002000000303c122000100074401c172b46240";
/// SVT-AV1, 320x180.
pub(crate) const AV1C_180P: &str = "81000c000a0b0200000561e7f66017c002";
/// The start of the same encoder's first temporal unit: a temporal delimiter, a sequence header.
pub(crate) const AV1_KEYFRAME: &str = "12000a0b0200000561e7f66357cc02";
/// libvpx, 320x180.
pub(crate) const VPCC: &str = "01000000000b820202020000";
/// The start of the same encoder's first frame.
pub(crate) const VP9_KEYFRAME: &str = "824983420013f00b360438241c184a00";
/// libopus, stereo.
pub(crate) const OPUS_HEAD: &str = "4f707573486561640102380180bb0000000000";
/// libopus, 5.1.
pub(crate) const OPUS_HEAD_51: &str = "4f707573486561640106380180bb00000000010402000401020305";
/// The box that ffmpeg writes for [`OPUS_HEAD`].
pub(crate) const DOPS: &str = "000201380000bb80000000";
/// ffmpeg's FLAC, 48 kHz mono, as its FLV muxer sends it.
pub(crate) const FLAC_STREAM_INFO: &str =
    "040004000000000008150bb800f00000000000000000000000000000000000000000";
/// ffmpeg's FLAC in MP4, 48 kHz mono.
pub(crate) const DFLA: &str = "00000000800000220400040000005300018b0bb800f0000038406387285437a5\
    05fc227ff9e1ee993ccf";
