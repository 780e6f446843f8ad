/// The longest name that is compared, in bytes: longer ones resemble nothing of ours.
const MAX_NAME: usize = 64;

/// The candidate that a name was probably meant to be: at most one edit in four characters away.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    if name.len() > MAX_NAME {
        return None;
    }
    let limit = (name.chars().count() / 4).max(1);
    candidates
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The Levenshtein distance, where two neighbours swapped count as one edit.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_name_and_another_word_does_not() {
        let names = ["RTMP_PORT", "HTTP_PORT", "DATA_DIR"];
        assert_eq!(nearest("RTPM_PORT", names.into_iter()), Some("RTMP_PORT"));
        assert_eq!(nearest("RTMPPORT", names.into_iter()), Some("RTMP_PORT"));
        assert_eq!(nearest("COLOUR", names.into_iter()), None);
        assert_eq!(nearest(&"R".repeat(1000), names.into_iter()), None);
        assert_eq!(nearest("", names.into_iter()), None);
    }
}
