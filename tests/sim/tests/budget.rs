//! What `make test` runs: 200 seeds of 1000 steps, in parts that run side by side.

/// Steps of each seed.
const STEPS: u64 = 1_000;
/// Seeds of each part.
const SEEDS: u64 = 25;

/// Fails with all that is needed to repeat the run.
fn run_part(part: u64) {
    for seed in part * SEEDS..(part + 1) * SEEDS {
        if let Err(failure) = sim::run(seed, STEPS) {
            panic!("{failure}");
        }
    }
}

macro_rules! parts {
    ($($name:ident: $part:literal),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                run_part($part);
            }
        )*
    };
}

parts! {
    nothing_breaks_in_seeds_0_to_24: 0,
    nothing_breaks_in_seeds_25_to_49: 1,
    nothing_breaks_in_seeds_50_to_74: 2,
    nothing_breaks_in_seeds_75_to_99: 3,
    nothing_breaks_in_seeds_100_to_124: 4,
    nothing_breaks_in_seeds_125_to_149: 5,
    nothing_breaks_in_seeds_150_to_174: 6,
    nothing_breaks_in_seeds_175_to_199: 7,
}

#[test]
fn a_seed_repeats_itself_to_the_last_event() {
    for seed in 1_000..1_020 {
        assert_eq!(sim::run(seed, 300), sim::run(seed, 300), "seed {seed}");
    }
}
