//! FLV tags and the bodies of RTMP audio and video messages, Enhanced RTMP included.
