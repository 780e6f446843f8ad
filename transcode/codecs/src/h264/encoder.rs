use std::ptr::{self, NonNull};

use bytes::Bytes;
use openh264_sys2::{self as sys, API as _, source::APILoader};

use super::{Error, ParameterSets, Settings};

/// A picture in planar 4:2:0, 8 bits, of the encoder's size. Chroma planes have half the width and
/// half the height; a stride counts bytes from one row to the next.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the planes are named as everyone names them")]
pub struct I420<'a> {
    pub y: &'a [u8],
    pub u: &'a [u8],
    pub v: &'a [u8],
    pub y_stride: usize,
    pub uv_stride: usize,
}

/// One coded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The access unit as NAL units with 4-byte lengths, as an `avc1` sample holds them; parameter
    /// sets are not among them. One allocation of the right size, to be shared from here on.
    pub data: Bytes,
    /// The parameter sets, with every IDR picture; the picture is an IDR just when they are here.
    /// They change only when [`Encoder::set_bitrate`] needs another level.
    pub parameter_sets: Option<ParameterSets>,
}

impl Encoded {
    /// Whether decoding may start with this picture.
    pub const fn is_keyframe(&self) -> bool {
        self.parameter_sets.is_some()
    }
}

/// An H.264 encoder. Each picture's access unit comes out of the call that the picture went into, so
/// the caller's own timestamps hold, with DTS equal to PTS.
///
/// A call blocks for the time of one picture (6 ms at 720p, 13 ms at 1080p on one core): never call it
/// on a thread that does I/O.
#[derive(Debug)]
pub struct Encoder {
    library: Library,
    output: Box<sys::SFrameBSInfo>,
    settings: Settings,
    pictures: u64,
    failed: bool,
}

// SAFETY: the library keeps no state per thread (one encoder thread, `iMultipleThreadIdc` = 1) and no
// state shared between encoders, so an encoder may move between threads; `&mut self` keeps its calls
// apart. The raw pointers are to memory that this encoder alone owns, and those in `output` are read
// only in the call that wrote them.
unsafe impl Send for Encoder {}

impl Encoder {
    /// Makes an encoder. The first picture is an IDR.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        settings.validate()?;
        crate::assembler::require();
        Ok(Self {
            library: Library::open(&settings)?,
            output: Box::new(empty_output()),
            settings,
            pictures: 0,
            failed: false,
        })
    }

    /// The settings in force.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Encodes one picture; as an IDR when it is the first or when `force_idr` asks for it, and never
    /// otherwise. After a failure of the library the encoder must be replaced.
    pub fn encode(&mut self, picture: &I420<'_>, force_idr: bool) -> Result<Encoded, Error> {
        let source = self.source_picture(picture)?;
        if self.failed {
            return Err(Error::Failed);
        }
        let coded = self.run(&source, force_idr);
        self.failed = coded.is_err();
        coded
    }

    /// Changes the target, in bit/s. No IDR is made; the rate follows within a second.
    pub fn set_bitrate(&mut self, bitrate: u32) -> Result<(), Error> {
        Settings::validate_bitrate(bitrate)?;
        if self.failed {
            return Err(Error::Failed);
        }
        self.library.set_bitrate(bitrate)?;
        self.settings.bitrate = bitrate;
        Ok(())
    }

    fn run(&mut self, source: &sys::SSourcePicture, force_idr: bool) -> Result<Encoded, Error> {
        if force_idr {
            self.library.force_idr()?;
        }
        self.library.encode(source, &mut self.output)?;
        self.pictures += 1;
        // SAFETY: `output` was written by the encode call just above and no call came between.
        let coded = unsafe { collect(&self.output) };
        // Frame skip is off, so an empty access unit is a fault of the library.
        coded.ok_or(Error::Library { call: "EncodeFrame (no access unit)", code: 0 })
    }

    /// Checks that the planes hold all bytes that the library will read, and describes them to it.
    fn source_picture(&self, picture: &I420<'_>) -> Result<sys::SSourcePicture, Error> {
        let (width, height) = (self.settings.width as usize, self.settings.height as usize);
        check_plane('Y', picture.y, picture.y_stride, width, height)?;
        check_plane('U', picture.u, picture.uv_stride, width / 2, height / 2)?;
        check_plane('V', picture.v, picture.uv_stride, width / 2, height / 2)?;
        let (luma, chroma) = (picture.y_stride as i32, picture.uv_stride as i32);
        Ok(sys::SSourcePicture {
            iColorFormat: sys::videoFormatI420,
            iStride: [luma, chroma, chroma, 0],
            // The library takes mutable pointers but only reads.
            pData: [
                picture.y.as_ptr().cast_mut(),
                picture.u.as_ptr().cast_mut(),
                picture.v.as_ptr().cast_mut(),
                ptr::null_mut(),
            ],
            iPicWidth: width as i32,
            iPicHeight: height as i32,
            // Milliseconds. Rate control in this mode counts pictures; it only wants time to advance.
            uiTimeStamp: (self.pictures as f64 * 1000.0 / f64::from(self.settings.frame_rate))
                as i64,
            bPsnrY: false,
            bPsnrU: false,
            bPsnrV: false,
        })
    }
}

/// The library's object, made and freed in pairs.
#[derive(Debug)]
struct Library(NonNull<sys::ISVCEncoder>);

impl Library {
    fn open(settings: &Settings) -> Result<Self, Error> {
        let mut object = ptr::null_mut();
        // SAFETY: the call writes one pointer to the variable that it is given.
        let code = unsafe { APILoader.WelsCreateSVCEncoder(&raw mut object) };
        let failed = Error::Library { call: "WelsCreateSVCEncoder", code };
        let library = NonNull::new(object).filter(|_| code == 0).map(Self).ok_or(failed)?;
        library.silence()?;
        let mut parameters = sys::SEncParamExt::default();
        let (object, calls) = (library.0.as_ptr(), library.calls());
        let get = calls.GetDefaultParams.expect("OpenH264 fills its table of functions");
        // SAFETY: the object is live and the call only fills the struct.
        check("GetDefaultParams", unsafe { get(object, &raw mut parameters) })?;
        settings.apply(&mut parameters);
        let initialize = calls.InitializeExt.expect("OpenH264 fills its table of functions");
        // SAFETY: the object is live and the call copies the struct.
        check("InitializeExt", unsafe { initialize(object, &raw const parameters) })?;
        Ok(library)
    }

    fn encode(
        &mut self,
        source: &sys::SSourcePicture,
        output: &mut sys::SFrameBSInfo,
    ) -> Result<(), Error> {
        let encode = self.calls().EncodeFrame.expect("OpenH264 fills its table of functions");
        // SAFETY: the object is live and initialised; `source` describes planes that were checked to
        // hold every byte of a picture of the encoder's size, and they are copied in this call.
        check("EncodeFrame", unsafe { encode(self.0.as_ptr(), source, output) })
    }

    fn force_idr(&mut self) -> Result<(), Error> {
        let force = self.calls().ForceIntraFrame.expect("OpenH264 fills its table of functions");
        // SAFETY: the object is live and initialised.
        check("ForceIntraFrame", unsafe { force(self.0.as_ptr(), true) })
    }

    fn set_bitrate(&mut self, bitrate: u32) -> Result<(), Error> {
        let mut value =
            sys::SBitrateInfo { iLayer: sys::SPATIAL_LAYER_ALL, iBitrate: bitrate as i32 };
        // SAFETY: this option takes an SBitrateInfo, which lives past the call.
        unsafe { self.set_option(sys::ENCODER_OPTION_BITRATE, (&raw mut value).cast()) }
    }

    /// The library writes its own complaints to standard error otherwise.
    fn silence(&self) -> Result<(), Error> {
        let mut level = sys::WELS_LOG_QUIET;
        // SAFETY: this option takes an int, which lives past the call.
        unsafe { self.set_option(sys::ENCODER_OPTION_TRACE_LEVEL, (&raw mut level).cast()) }
    }

    /// # Safety
    /// `value` must point to the type that the option takes.
    unsafe fn set_option(
        &self,
        option: sys::ENCODER_OPTION,
        value: *mut std::ffi::c_void,
    ) -> Result<(), Error> {
        let set = self.calls().SetOption.expect("OpenH264 fills its table of functions");
        // SAFETY: the object is live; the caller vouches for the value.
        check("SetOption", unsafe { set(self.0.as_ptr(), option, value) })
    }

    fn calls(&self) -> &sys::ISVCEncoderVtbl {
        // SAFETY: the object is live from `open` to `drop`, and begins with a pointer to its table of
        // functions, which is static.
        unsafe { &**self.0.as_ptr() }
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: the object is live and never used again; destroying it uninitialises it first.
        unsafe { APILoader.WelsDestroySVCEncoder(self.0.as_ptr()) };
    }
}

fn check(call: &'static str, code: i32) -> Result<(), Error> {
    if code == 0 { Ok(()) } else { Err(Error::Library { call, code }) }
}

fn check_plane(
    plane: char,
    bytes: &[u8],
    stride: usize,
    width: usize,
    height: usize,
) -> Result<(), Error> {
    let need = stride.saturating_mul(height - 1).saturating_add(width);
    let fits = stride >= width && i32::try_from(stride).is_ok() && bytes.len() >= need;
    if fits { Ok(()) } else { Err(Error::Plane { plane, stride, have: bytes.len(), need }) }
}

fn empty_output() -> sys::SFrameBSInfo {
    // SAFETY: the struct is plain C data of integers, floats and pointers, for all of which zero bytes
    // are a value.
    unsafe { std::mem::zeroed() }
}

/// Takes the NAL units of one access unit over from the library; `None` when there is no slice.
///
/// # Safety
/// `output` must come from a successful encode call, with no call on that encoder since.
unsafe fn collect(output: &sys::SFrameBSInfo) -> Option<Encoded> {
    let (mut sps, mut pps) = (None, None);
    let mut data = Vec::with_capacity(output.iFrameSizeInBytes.max(0) as usize);
    for layer in &output.sLayerInfo[..output.iLayerNum.clamp(0, 128) as usize] {
        let mut offset = 0;
        for index in 0..layer.iNalCount.max(0) as usize {
            // SAFETY: the library gives `iNalCount` lengths, and their sum of bytes at `pBsBuf`, and
            // both stay valid until the next call on the encoder.
            let unit = unsafe {
                let length = (*layer.pNalLengthInByte.add(index)).max(0) as usize;
                let unit = std::slice::from_raw_parts(layer.pBsBuf.add(offset), length);
                offset += length;
                unit
            };
            let unit = without_start_code(unit);
            match unit.first().map(|header| header & 31) {
                Some(7) => sps = Some(Bytes::copy_from_slice(unit)),
                Some(8) => pps = Some(Bytes::copy_from_slice(unit)),
                Some(_) => {
                    data.extend_from_slice(&(unit.len() as u32).to_be_bytes());
                    data.extend_from_slice(unit);
                }
                None => {}
            }
        }
    }
    let idr = output.eFrameType == sys::videoFrameTypeIDR;
    let parameter_sets = sps.zip(pps).filter(|_| idr).map(|(sps, pps)| ParameterSets { sps, pps });
    let whole = !data.is_empty() && parameter_sets.is_some() == idr;
    whole.then(|| Encoded { data: Bytes::from(data), parameter_sets })
}

fn without_start_code(unit: &[u8]) -> &[u8] {
    unit.strip_prefix(&[0, 0, 0, 1]).or_else(|| unit.strip_prefix(&[0, 0, 1])).unwrap_or(unit)
}
