//! An answer that is made once for all who ask for the same.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// The answer to the last question, by what it depends on.
pub(crate) struct Shared<K>(Mutex<Option<(K, Bytes)>>);

impl<K> Default for Shared<K> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<K: PartialEq> Shared<K> {
    /// The answer that depends on `key`. Whoever asks while it is being made waits for it.
    pub(crate) fn of<E>(&self, key: K, make: impl FnOnce() -> Result<Vec<u8>, E>) -> Result<Bytes, E> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, answer)) = last.as_ref().filter(|(known, _)| *known == key) {
            return Ok(answer.clone());
        }
        let answer = Bytes::from(make()?);
        *last = Some((key, answer.clone()));
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::Shared;

    #[test]
    fn an_answer_is_made_once_for_each_question() {
        let (shared, mut made) = (Shared::default(), 0);
        let mut ask = |key: u64| {
            let Ok(answer) = shared.of(key, || {
                made += 1;
                Ok::<_, Infallible>(vec![key as u8])
            });
            answer
        };
        assert_eq!([ask(1), ask(1), ask(2), ask(2)], [[1], [1], [2], [2]].map(|bytes| bytes.to_vec()));
        assert_eq!(made, 2);
    }
}
