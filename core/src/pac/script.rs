//! Running one script for one question, in an engine of its own that ends with it.
//!
//! What belongs to the language is there, and the functions of proxy auto-configuration, but
//! nothing that reaches out: no files, sockets, timers or modules. Whoever waits for the answer may
//! leave; a script notices soon, wherever it is.

mod arguments;
mod functions;

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use arguments::copied;
use functions::Names;
use rquickjs::context::EvalOptions;
use rquickjs::function::This;
use rquickjs::{
    CatchResultExt, CaughtError, Context, Ctx, Function, Runtime, String as Text, Value,
};
use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Reason, Result};
use winhttp_proto::proxy::pac_result::MAX_ANSWER_BYTES;

use super::Script;
use crate::engine::clock;

/// Memory of a script, with all that the engine needs for it.
const MEMORY_BYTES: usize = 32 * 1024 * 1024;

/// Stack of a script, far below that of its thread.
const STACK_BYTES: usize = 256 * 1024;

/// The longest text of what a script throws that is looked at.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// Text of what a script throws that is kept.
const MAX_MESSAGE_CHARS: usize = 300;

/// The answer of a script, as it gives it.
///
/// # Errors
/// [`Error::BadAutoProxyScript`] if it is none, or throws; [`Error::AutoProxyServiceError`] when
/// its time is over; [`Error::NotEnoughMemory`] without memory for an engine, or where the network
/// cannot be asked for want of something; [`Error::OperationCancelled`].
pub(crate) fn run(script: &Script) -> Result<String> {
    script.cancel.check()?;
    let out_of_memory = |_| Error::NotEnoughMemory;
    let runtime = Runtime::new().map_err(out_of_memory)?;
    runtime.set_memory_limit(MEMORY_BYTES);
    runtime.set_max_stack_size(STACK_BYTES);
    let network = Arc::clone(&script.network);
    let names = Names::new(network, script.deadline, script.cancel.clone());
    let asked = Rc::clone(&names);
    runtime.set_interrupt_handler(Some(Box::new(move || asked.is_over())));
    let context = Context::full(&runtime).map_err(out_of_memory)?;
    let answer = context.with(|ctx| answer(&ctx, script, Rc::clone(&names)));
    // Whatever it did when it was interrupted, or told so.
    script.cancel.check()?;
    if let Some(failure) = names.failure() {
        return Err(failure);
    }
    answer.map_err(|defect| {
        if clock::now() >= script.deadline {
            Failure::because(Error::AutoProxyServiceError, Defect::Slow)
        } else {
            Failure::because(Error::BadAutoProxyScript, defect)
        }
    })
}

fn answer(ctx: &Ctx<'_>, script: &Script, names: Rc<Names>) -> std::result::Result<String, Defect> {
    let defect = |error| Defect::of(ctx, error);
    functions::define(ctx, names).catch(ctx).map_err(defect)?;
    // Before the script, which may replace it.
    let slice: rquickjs::Result<Function<'_>> = ctx.eval("String.prototype.slice");
    let slice = slice.catch(ctx).map_err(defect)?;
    let mut options = EvalOptions::default();
    options.strict = false;
    let source = &*script.source;
    let evaluated: rquickjs::Result<Value<'_>> = ctx.eval_with_options(source, options);
    evaluated.catch(ctx).map_err(defect)?;
    let globals = ctx.globals();
    let function = |name| globals.get::<_, Function<'_>>(name).ok();
    let find = function("FindProxyForURLEx").or_else(|| function("FindProxyForURL"));
    let find = find.ok_or(Defect::NoFunction)?;
    let question = &script.question;
    let called: rquickjs::Result<Value<'_>> =
        find.call((question.url.as_str(), question.host.as_str()));
    let result = called.catch(ctx).map_err(defect)?;
    let text = result.as_string().ok_or(Defect::NoText)?;
    beginning(ctx, text, &slice).ok_or(Defect::NoText)
}

/// As much of an answer as is looked at.
fn beginning<'js>(ctx: &Ctx<'js>, text: &Text<'js>, slice: &Function<'js>) -> Option<String> {
    // One less where the end would be between the halves of a character.
    [MAX_ANSWER_BYTES, MAX_ANSWER_BYTES - 1]
        .into_iter()
        .find_map(|end| {
            let cut: Text<'_> = slice.call((This(text.clone()), 0, end)).ok()?;
            copied(ctx, &cut, 3 * MAX_ANSWER_BYTES)
        })
}

/// What is wrong with a script.
#[derive(Debug)]
enum Defect {
    Thrown(String),
    NoFunction,
    NoText,
    Slow,
}

impl Defect {
    fn of<'js>(ctx: &Ctx<'js>, error: CaughtError<'js>) -> Self {
        let thrown = match error {
            // Of one of the script's own kinds this may be a value that is no text, too.
            CaughtError::Exception(exception) => exception.as_object().get("message").ok(),
            CaughtError::Value(value) => Some(value),
            CaughtError::Error(error) => return Self::Thrown(error.to_string()),
        };
        let text = thrown.as_ref().and_then(Value::as_string);
        let text = text.and_then(|text| copied(ctx, text, MAX_MESSAGE_BYTES));
        Self::Thrown(match (text, thrown) {
            (Some(text), _) => text.chars().take(MAX_MESSAGE_CHARS).collect(),
            // What the engine throws when it has no memory for an error.
            (None, Some(null)) if null.is_null() => "null, as without memory".to_owned(),
            (None, _) => "a value that is no text, or too long".to_owned(),
        })
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Thrown(message) => write!(f, "the proxy script failed: {message}"),
            Self::NoFunction => f.write_str("the proxy script has no function FindProxyForURL"),
            Self::NoText => f.write_str("the proxy script's answer is no text"),
            Self::Slow => f.write_str("the proxy script took too long"),
        }
    }
}

impl Reason for Defect {}

#[cfg(test)]
mod tests;
