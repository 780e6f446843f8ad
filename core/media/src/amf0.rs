//! AMF0, the value encoding of RTMP commands and FLV script data.
