//! The two places for outstanding actions, and the tokens that name them.

/// Names an outstanding action; never 0.
///
/// The upper half tells the endpoint, the lower half counts its actions and starts again after 2³²
/// of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token(u64);

impl Token {
    /// Takes any number a caller passed; whether it names an outstanding action is `complete`'s
    /// answer.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The number to give to the caller.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0
    }
}

/// Makes the tokens of one endpoint.
#[derive(Debug)]
pub(super) struct Tokens {
    endpoint: u64,
    number: u32,
}

impl Tokens {
    /// `endpoint` tells endpoints apart; it must not be 0.
    pub(super) fn new(endpoint: u32) -> Self {
        Self {
            endpoint: u64::from(endpoint) << 32,
            number: 0,
        }
    }

    #[inline]
    pub(super) fn next(&mut self) -> Token {
        self.number = self.number.wrapping_add(1);
        Token(self.endpoint | u64::from(self.number))
    }
}

/// At most one outstanding action, and what is remembered about it.
#[derive(Debug)]
pub(super) struct Slot<T> {
    outstanding: Option<(Token, T)>,
}

impl<T: Copy> Slot<T> {
    pub(super) const FREE: Self = Self { outstanding: None };

    #[inline]
    pub(super) fn is_free(&self) -> bool {
        self.outstanding.is_none()
    }

    /// What is outstanding.
    pub(super) fn outstanding(&self) -> Option<T> {
        self.outstanding.map(|(_, action)| action)
    }

    #[inline]
    pub(super) fn occupy(&mut self, token: Token, action: T) -> Token {
        debug_assert!(
            self.is_free(),
            "an action is offered although one is outstanding"
        );
        self.outstanding = Some((token, action));
        token
    }

    /// Frees the slot if `token` names what is outstanding in it.
    #[inline]
    pub(super) fn release(&mut self, token: Token) -> Option<T> {
        let (outstanding, action) = self.outstanding?;
        if outstanding != token {
            return None;
        }
        self.outstanding = None;
        Some(action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_released_by_its_token_only_and_once() {
        let (mut tokens, mut others) = (Tokens::new(1), Tokens::new(2));
        let mut slot = Slot::FREE;
        let token = slot.occupy(tokens.next(), 'a');
        assert_eq!(slot.release(others.next()), None);
        assert_eq!(slot.release(tokens.next()), None);
        assert_eq!(slot.release(Token::from_bits(0)), None);
        assert_eq!(slot.release(token), Some('a'));
        assert_eq!(slot.release(token), None);
        assert!(slot.is_free());
    }

    #[test]
    fn tokens_are_never_zero_even_when_the_numbers_start_again() {
        let mut tokens = Tokens::new(1);
        tokens.number = u32::MAX - 1;
        for _ in 0..4 {
            assert_ne!(tokens.next().bits(), 0);
        }
    }
}
