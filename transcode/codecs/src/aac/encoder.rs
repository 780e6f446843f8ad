use std::ffi::c_void;
use std::ptr::{self, NonNull};

use bytes::Bytes;
use fdk_aac_sys as sys;

use super::{Error, Settings};

/// One coded frame: [`Encoder::FRAME_LENGTH`] samples of each channel, raw (no ADTS).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The coded bytes.
    pub data: Bytes,
    /// The frame's place in the input: the number of the sample, counted for one channel from the
    /// first that went in, that a decoder gives first for this frame. It starts at minus
    /// [`Encoder::delay`], because an encoder's first frames hold its priming.
    pub first_sample: i64,
}

/// An AAC-LC encoder. Give it sound without gaps: fill gaps with silence.
#[derive(Debug)]
pub struct Encoder {
    library: Library,
    settings: Settings,
    config: Bytes,
    delay: u32,
    frames: i64,
    buffer: Vec<u8>,
    failed: bool,
}

// SAFETY: the library keeps no state per thread and none shared between encoders; its handle is to
// memory that this encoder alone owns, and `&mut self` keeps its calls apart.
unsafe impl Send for Encoder {}

impl Encoder {
    /// Samples of each channel in a frame.
    pub const FRAME_LENGTH: u32 = 1024;

    /// Makes an encoder.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        settings.validate()?;
        let mut library = Library::open(&settings)?;
        let info = library.info()?;
        // The library lowers or raises a bitrate that it cannot keep without a word.
        let kept = library.parameter(sys::AACENC_PARAM_AACENC_BITRATE);
        if kept != settings.bitrate {
            return Err(Error::Bitrate { bitrate: settings.bitrate, min: kept, max: kept });
        }
        if info.frameLength != Self::FRAME_LENGTH {
            return Err(Error::Library {
                call: "aacEncInfo (frame length)",
                code: info.frameLength,
            });
        }
        let config = info.confBuf.get(..info.confSize as usize).unwrap_or_default();
        Ok(Self {
            config: Bytes::copy_from_slice(config),
            delay: info.nDelay,
            buffer: vec![0; info.maxOutBufBytes as usize],
            library,
            settings,
            frames: 0,
            failed: false,
        })
    }

    /// The settings in force.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1).
    pub fn config(&self) -> Bytes {
        self.config.clone()
    }

    /// The encoder's priming in samples of one channel: how much later than it went in a sound comes
    /// out of a decoder that trims nothing. [`Packet::first_sample`] has it subtracted already.
    pub const fn delay(&self) -> u32 {
        self.delay
    }

    /// Encodes interleaved samples, any number of sample frames; gives the packets that became whole.
    pub fn encode(&mut self, samples: &[i16]) -> Result<Vec<Packet>, Error> {
        let channels = self.settings.channels;
        if !samples.len().is_multiple_of(usize::from(channels)) {
            return Err(Error::Interleave { samples: samples.len(), channels });
        }
        let frame = Self::FRAME_LENGTH as usize * usize::from(channels);
        let mut packets = Vec::with_capacity(samples.len() / frame + 1);
        let mut rest = samples;
        while !rest.is_empty() {
            let (consumed, packet) = self.run(Some(&rest[..rest.len().min(frame)]))?;
            packets.extend(packet);
            if consumed == 0 {
                self.failed = true;
                return Err(Error::Library { call: "aacEncEncode (took nothing)", code: 0 });
            }
            rest = &rest[consumed..];
        }
        Ok(packets)
    }

    /// Ends the sound: gives the packets that hold its last samples, the final one padded with silence.
    pub fn finish(mut self) -> Result<Vec<Packet>, Error> {
        let mut packets = Vec::new();
        while let (_, Some(packet)) = self.run(None)? {
            packets.push(packet);
        }
        Ok(packets)
    }

    /// One call of the library: at most one frame in, at most one out. `None` flushes.
    fn run(&mut self, samples: Option<&[i16]>) -> Result<(usize, Option<Packet>), Error> {
        if self.failed {
            return Err(Error::Failed);
        }
        let outcome = self.library.encode(samples, &mut self.buffer);
        self.failed = outcome.is_err();
        let (consumed, written) = outcome?;
        let coded = self.buffer.get(..written).unwrap_or_default();
        if coded.is_empty() {
            return Ok((consumed, None));
        }
        let first_sample = self.frames * i64::from(Self::FRAME_LENGTH) - i64::from(self.delay);
        self.frames += 1;
        Ok((consumed, Some(Packet { data: Bytes::copy_from_slice(coded), first_sample })))
    }
}

/// The library's object, made and freed in pairs.
#[derive(Debug)]
struct Library(NonNull<sys::AACENCODER>);

impl Library {
    /// The core coder alone: no SBR, no parametric stereo.
    const MODULES: u32 = 1;
    const AAC_LC: u32 = 2;
    const CONSTANT_BITRATE: u32 = 0;
    const RAW: u32 = 0;

    fn open(settings: &Settings) -> Result<Self, Error> {
        let mut handle = ptr::null_mut();
        let channels = u32::from(settings.channels);
        // SAFETY: the call writes one pointer to the variable that it is given.
        let code = unsafe { sys::aacEncOpen(&raw mut handle, Self::MODULES, channels) };
        check("aacEncOpen", code)?;
        let failed = Error::Library { call: "aacEncOpen", code };
        let mut library = NonNull::new(handle).map(Self).ok_or(failed)?;
        for (parameter, value) in [
            (sys::AACENC_PARAM_AACENC_AOT, Self::AAC_LC),
            (sys::AACENC_PARAM_AACENC_SAMPLERATE, settings.sample_rate),
            // The library's channel modes 1 and 2 are mono and stereo.
            (sys::AACENC_PARAM_AACENC_CHANNELMODE, channels),
            (sys::AACENC_PARAM_AACENC_BITRATEMODE, Self::CONSTANT_BITRATE),
            (sys::AACENC_PARAM_AACENC_BITRATE, settings.bitrate),
            (sys::AACENC_PARAM_AACENC_GRANULE_LENGTH, Encoder::FRAME_LENGTH),
            (sys::AACENC_PARAM_AACENC_TRANSMUX, Self::RAW),
            // Better sound; encoding AAC costs little either way.
            (sys::AACENC_PARAM_AACENC_AFTERBURNER, 1),
        ] {
            // SAFETY: the handle is live.
            let code = unsafe { sys::aacEncoder_SetParam(library.0.as_ptr(), parameter, value) };
            check("aacEncoder_SetParam", code)?;
        }
        library.initialize()?;
        Ok(library)
    }

    /// Settings take effect with the first encode call; this one takes no samples.
    fn initialize(&mut self) -> Result<(), Error> {
        // SAFETY: the handle is live, and the library documents null arguments as this request.
        let code = unsafe {
            let handle = self.0.as_ptr();
            sys::aacEncEncode(handle, ptr::null(), ptr::null(), ptr::null(), ptr::null_mut())
        };
        check("aacEncEncode (initialisation)", code)
    }

    fn info(&mut self) -> Result<sys::AACENC_InfoStruct, Error> {
        // SAFETY: the struct is plain C data of integers, for which zero bytes are a value.
        let mut info: sys::AACENC_InfoStruct = unsafe { std::mem::zeroed() };
        // SAFETY: the handle is live and the call only fills the struct.
        check("aacEncInfo", unsafe { sys::aacEncInfo(self.0.as_ptr(), &raw mut info) })?;
        Ok(info)
    }

    fn parameter(&self, parameter: sys::AACENC_PARAM) -> u32 {
        // SAFETY: the handle is live, and the call only reads.
        unsafe { sys::aacEncoder_GetParam(self.0.as_ptr(), parameter) }
    }

    /// Gives the count of samples taken and of bytes written; at the end of a flush, none of either.
    fn encode(&mut self, samples: Option<&[i16]>, out: &mut [u8]) -> Result<(usize, usize), Error> {
        let input = samples.unwrap_or_default();
        let mut input = BufferList::new(
            sys::AACENC_BufferIdentifier_IN_AUDIO_DATA,
            input.as_ptr().cast_mut().cast(),
            size_of_val(input),
            size_of::<i16>(),
        );
        let mut output = BufferList::new(
            sys::AACENC_BufferIdentifier_OUT_BITSTREAM_DATA,
            out.as_mut_ptr().cast(),
            out.len(),
            1,
        );
        // A count of -1 asks for what is left.
        let count = samples.map_or(-1, |samples| samples.len() as i32);
        let arguments = sys::AACENC_InArgs { numInSamples: count, numAncBytes: 0 };
        let mut result =
            sys::AACENC_OutArgs { numOutBytes: 0, numInSamples: 0, numAncBytes: 0, bitResState: 0 };
        let (input, output) = (input.describe(), output.describe());
        // SAFETY: the handle is live; both descriptions point to one buffer each with its true size in
        // bytes, alive past the call; the library reads the first and writes the second.
        let code = unsafe {
            let handle = self.0.as_ptr();
            let (input, output) = (&raw const input, &raw const output);
            sys::aacEncEncode(handle, input, output, &raw const arguments, &raw mut result)
        };
        if samples.is_none() && code == sys::AACENC_ERROR_AACENC_ENCODE_EOF {
            return Ok((0, 0));
        }
        check("aacEncEncode", code)?;
        Ok((result.numInSamples.max(0) as usize, result.numOutBytes.max(0) as usize))
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        let mut handle = self.0.as_ptr();
        // SAFETY: the handle is live and never used again.
        unsafe { sys::aacEncClose(&raw mut handle) };
    }
}

/// The four parallel arrays, of one element each, that the library wants for a list of buffers.
struct BufferList {
    address: *mut c_void,
    identifier: i32,
    bytes: i32,
    element: i32,
}

impl BufferList {
    /// Buffers are one frame of sound or one coded frame: far below 2 GiB.
    fn new(identifier: u32, address: *mut c_void, bytes: usize, element: usize) -> Self {
        let (bytes, element) = (bytes as i32, element as i32);
        Self { address, identifier: identifier as i32, bytes, element }
    }

    /// Valid while `self` neither moves nor goes.
    fn describe(&mut self) -> sys::AACENC_BufDesc {
        sys::AACENC_BufDesc {
            numBufs: 1,
            bufs: &raw mut self.address,
            bufferIdentifiers: &raw mut self.identifier,
            bufSizes: &raw mut self.bytes,
            bufElSizes: &raw mut self.element,
        }
    }
}

fn check(call: &'static str, code: sys::AACENC_ERROR) -> Result<(), Error> {
    if code == sys::AACENC_ERROR_AACENC_OK { Ok(()) } else { Err(Error::Library { call, code }) }
}
