//! Codec headers: parameter sets and configuration records, parsed only.
