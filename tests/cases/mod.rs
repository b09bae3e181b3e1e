//! Inputs from real life, one file per kind: what must come of each through the real binary.

mod places;
