//! The requests of a run, rendered before its clock starts and kept in one piece of memory.

/// Requests one behind the other.
#[derive(Default)]
pub(crate) struct Script {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Script {
    /// Adds the request that `write` appends.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    /// How many requests there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The request at `index`; `None` past the end.
    pub(crate) fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        Some(&self.bytes[start..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_come_back_as_they_were_put_in() {
        let mut script = Script::default();
        assert!(script.get(0).is_none());
        for text in ["first", "", "third"] {
            script.push(|out| out.extend_from_slice(text.as_bytes()));
        }
        let all: Vec<_> = (0..=script.len()).map(|index| script.get(index)).collect();
        assert_eq!(all, [Some(&b"first"[..]), Some(b""), Some(b"third"), None]);
        assert_eq!(script.len(), 3);
    }
}
