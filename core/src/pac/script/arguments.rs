//! What functions take of a script: copies of its texts, which its engine does not count.
//!
//! Each copy has a limit, and so has their number: arguments that a function does not know are not
//! even looked at. Making a text of a value may run code of the script, which may call functions in
//! its turn; so nothing larger than a name is copied before all of that has run.

use rquickjs::convert::Coerced;
use rquickjs::function::{FromParam, ParamRequirement, ParamsAccessor};
use rquickjs::{Ctx, Exception, FromJs, Result, String as Text, Value};
use winhttp_proto::proxy::pac::time::Argument;

use crate::pac::network::MAX_NAME_BYTES;

/// One text as UTF-8; URLs are the longest that have a use.
const MAX_TEXT_BYTES: usize = 128 * 1024;

/// Longer than any day, month, number or zone.
const MAX_WORD_BYTES: usize = 64;

/// One more than any range of times has a meaning for.
const MAX_WORDS: usize = 8;

/// The text, if it is UTF-8 and no longer than this. Its length is found in the engine's memory.
pub(super) fn copied(ctx: &Ctx<'_>, text: &Text<'_>, limit_bytes: usize) -> Option<String> {
    let copy = text.clone().to_cstring().and_then(|utf8| {
        let fits = utf8.len() <= limit_bytes;
        fits.then(|| text.to_string()).transpose()
    });
    copy.unwrap_or_else(|_| {
        // Where the engine had no memory it has thrown; nobody is to find that later.
        drop(ctx.catch());
        None
    })
}

/// The first arguments as texts; absent ones are empty.
pub(super) struct Texts<const N: usize>(pub(super) [String; N]);

impl<'js, const N: usize> FromParam<'js> for Texts<N> {
    fn param_requirement() -> ParamRequirement {
        ParamRequirement::any()
    }

    fn from_param(params: &mut ParamsAccessor<'_, 'js>) -> Result<Self> {
        let ctx = params.ctx().clone();
        let mut given = [const { None }; N];
        for place in given.iter_mut().take(params.len()) {
            *place = Some(coerced(&ctx, params.arg())?);
        }
        let mut texts = [const { String::new() }; N];
        for (text, given) in texts.iter_mut().zip(given.iter().flatten()) {
            *text = copied(&ctx, given, MAX_TEXT_BYTES).ok_or_else(|| {
                Exception::throw_range(&ctx, "the text is too long, or is no Unicode")
            })?;
        }
        Ok(Self(texts))
    }
}

/// One argument as a name that may be looked up; `None` is one that cannot exist.
pub(super) struct Name(pub(super) Option<String>);

impl<'js> FromParam<'js> for Name {
    fn param_requirement() -> ParamRequirement {
        ParamRequirement::any()
    }

    fn from_param(params: &mut ParamsAccessor<'_, 'js>) -> Result<Self> {
        if params.is_empty() {
            return Ok(Self(None));
        }
        let ctx = params.ctx().clone();
        let name = coerced(&ctx, params.arg())?;
        Ok(Self(copied(&ctx, &name, MAX_NAME_BYTES)))
    }
}

/// The arguments of a range of times; nothing is made a text that is none.
pub(super) struct Words(pub(super) Vec<Argument>);

impl<'js> FromParam<'js> for Words {
    fn param_requirement() -> ParamRequirement {
        ParamRequirement::any()
    }

    fn from_param(params: &mut ParamsAccessor<'_, 'js>) -> Result<Self> {
        let ctx = params.ctx().clone();
        let count = params.len().min(MAX_WORDS);
        let words = (0..count).map(|_| word(&ctx, &params.arg()));
        Ok(Self(words.collect()))
    }
}

fn word(ctx: &Ctx<'_>, value: &Value<'_>) -> Argument {
    if let Some(number) = value.as_number() {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "saturates, and what is no day, year or time compares as such"
        )]
        return Argument::Number(number as i64);
    }
    let text = value.as_string();
    let text = text.and_then(|text| copied(ctx, text, MAX_WORD_BYTES));
    Argument::Text(text.unwrap_or_default())
}

/// What the language makes of a value where it needs a text.
fn coerced<'js>(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Text<'js>> {
    Coerced::<Text<'js>>::from_js(ctx, value).map(|coerced| coerced.0)
}
