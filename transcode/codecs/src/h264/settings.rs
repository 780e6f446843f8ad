use openh264_sys2 as sys;

use super::Error;

/// What an encoder is to make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Width in pixels: even.
    pub width: u32,
    /// Height in pixels: even.
    pub height: u32,
    /// Pictures a second that will be given to the encoder; its rate control counts with this.
    pub frame_rate: f32,
    /// Target in bit/s.
    pub bitrate: u32,
    /// How hard to look for good predictions.
    pub complexity: Complexity,
    /// What the pictures' numbers mean; written into the SPS.
    pub colour: Colour,
}

/// How much processor time an encoder spends on a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Complexity {
    /// 10 % less processor time for 0.1 to 0.3 VMAF less.
    Low,
    /// The encoder's best.
    #[default]
    Medium,
}

/// The colour description of the video usability information (H.264 E.2.1). Limited range always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// Nothing is written; players guess from the size.
    #[default]
    Unspecified,
    /// ITU-R BT.709 primaries, transfer and matrix.
    Bt709,
}

impl Settings {
    /// Pixels: the library's own limit.
    pub const MIN_SIDE: u32 = 16;
    /// Pixels: the widest picture of level 5.2.
    pub const MAX_SIDE: u32 = 4096;
    /// Pixels in a picture: 36864 macroblocks, as level 5.2 has it.
    pub const MAX_PIXELS: u32 = 36_864 * 256;
    /// Pictures a second: the library clips above.
    pub const MAX_FRAME_RATE: f32 = 60.0;
    /// bit/s.
    pub const MIN_BITRATE: u32 = 10_000;
    /// bit/s: far above what any ladder asks for.
    pub const MAX_BITRATE: u32 = 100_000_000;

    /// Checks the ranges; the error says which value is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        let Self { width, height, frame_rate, bitrate, .. } = *self;
        let side = Self::MIN_SIDE..=Self::MAX_SIDE;
        let even = width.is_multiple_of(2) && height.is_multiple_of(2);
        // Neither product overflows: the sides are checked first.
        if !(even && side.contains(&width) && side.contains(&height))
            || width * height > Self::MAX_PIXELS
        {
            return Err(Error::Size { width, height });
        }
        if !(1.0..=Self::MAX_FRAME_RATE).contains(&frame_rate) {
            return Err(Error::FrameRate(frame_rate));
        }
        Self::validate_bitrate(bitrate)
    }

    pub(super) fn validate_bitrate(bitrate: u32) -> Result<(), Error> {
        let range = Self::MIN_BITRATE..=Self::MAX_BITRATE;
        if range.contains(&bitrate) { Ok(()) } else { Err(Error::Bitrate(bitrate)) }
    }

    /// Writes the settings over the library's defaults.
    pub(super) fn apply(&self, to: &mut sys::SEncParamExt) {
        to.iUsageType = sys::CAMERA_VIDEO_REAL_TIME;
        to.iPicWidth = self.width as i32;
        to.iPicHeight = self.height as i32;
        to.fMaxFrameRate = self.frame_rate;
        to.iTargetBitrate = self.bitrate as i32;
        to.iRCMode = sys::RC_BITRATE_MODE;
        to.bEnableFrameSkip = false;
        to.bFixRCOverShoot = true;
        to.iComplexityMode = match self.complexity {
            Complexity::Low => sys::LOW_COMPLEXITY,
            Complexity::Medium => sys::MEDIUM_COMPLEXITY,
        };
        to.iEntropyCodingModeFlag = 1;
        // No period of its own: IDRs only where they are forced.
        to.uiIntraPeriod = 0;
        to.bEnableSceneChangeDetect = false;
        to.bEnableBackgroundDetection = false;
        to.eSpsPpsIdStrategy = sys::CONSTANT_ID;
        to.iTemporalLayerNum = 1;
        to.iSpatialLayerNum = 1;
        to.iMultipleThreadIdc = 1;
        self.apply_to_layer(&mut to.sSpatialLayers[0]);
    }

    fn apply_to_layer(&self, layer: &mut sys::SSpatialLayerConfig) {
        layer.iVideoWidth = self.width as i32;
        layer.iVideoHeight = self.height as i32;
        layer.fFrameRate = self.frame_rate;
        layer.iSpatialBitrate = self.bitrate as i32;
        layer.uiProfileIdc = sys::PRO_HIGH;
        layer.uiLevelIdc = sys::LEVEL_UNKNOWN;
        layer.sSliceArgument.uiSliceMode = sys::SM_SINGLE_SLICE;
        layer.sSliceArgument.uiSliceNum = 1;
        if self.colour == Colour::Bt709 {
            layer.bVideoSignalTypePresent = true;
            layer.uiVideoFormat = sys::VF_UNDEF as u8;
            layer.bFullRange = false;
            layer.bColorDescriptionPresent = true;
            layer.uiColorPrimaries = sys::CP_BT709 as u8;
            layer.uiTransferCharacteristics = sys::TRC_BT709 as u8;
            layer.uiColorMatrix = sys::CM_BT709 as u8;
        }
    }
}
