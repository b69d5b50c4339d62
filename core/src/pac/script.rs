//! Running one script for one question, in an engine of its own that ends with it.
//!
//! What belongs to the language is there, and the functions of proxy auto-configuration, but
//! nothing that reaches out: no files, sockets, timers or modules. Whoever waits for the answer may
//! leave; a script notices soon, wherever it is.

mod functions;

use std::fmt;
use std::sync::Arc;

use rquickjs::context::EvalOptions;
use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Function, Runtime, Value};
use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Reason, Result};

use super::Script;
use crate::engine::clock;

/// Memory of a script, with all that the engine needs for it.
const MEMORY_BYTES: usize = 32 * 1024 * 1024;

/// Stack of a script, far below that of its thread.
const STACK_BYTES: usize = 256 * 1024;

/// Text of what a script throws that is kept.
const MAX_MESSAGE_CHARS: usize = 300;

/// The answer of a script, as it gives it.
///
/// # Errors
/// [`Error::BadAutoProxyScript`] if it is none, or throws; [`Error::AutoProxyServiceError`] when
/// its time is over; [`Error::NotEnoughMemory`] without memory for an engine;
/// [`Error::OperationCancelled`].
pub(crate) fn run(script: &Script) -> Result<String> {
    script.cancel.check()?;
    let out_of_memory = |_| Error::NotEnoughMemory;
    let runtime = Runtime::new().map_err(out_of_memory)?;
    runtime.set_memory_limit(MEMORY_BYTES);
    runtime.set_max_stack_size(STACK_BYTES);
    let (cancel, deadline) = (script.cancel.clone(), script.deadline);
    runtime.set_interrupt_handler(Some(Box::new(move || {
        cancel.is_cancelled() || clock::now() >= deadline
    })));
    let context = Context::full(&runtime).map_err(out_of_memory)?;
    let answer = context.with(|ctx| answer(&ctx, script));
    // Whatever it did when it was interrupted.
    script.cancel.check()?;
    answer.map_err(|defect| {
        if clock::now() >= deadline {
            Failure::because(Error::AutoProxyServiceError, Defect::Slow)
        } else {
            Failure::because(Error::BadAutoProxyScript, defect)
        }
    })
}

fn answer(ctx: &Ctx<'_>, script: &Script) -> std::result::Result<String, Defect> {
    let Script {
        network,
        deadline,
        cancel,
        ..
    } = script;
    let names = functions::Names::new(Arc::clone(network), *deadline, cancel.clone());
    functions::define(ctx, names)
        .catch(ctx)
        .map_err(Defect::of)?;
    let mut options = EvalOptions::default();
    options.strict = false;
    let source = &*script.source;
    let evaluated: rquickjs::Result<Value<'_>> = ctx.eval_with_options(source, options);
    evaluated.catch(ctx).map_err(Defect::of)?;
    let globals = ctx.globals();
    let function = |name| globals.get::<_, Function<'_>>(name).ok();
    let find = function("FindProxyForURLEx").or_else(|| function("FindProxyForURL"));
    let find = find.ok_or(Defect::NoFunction)?;
    let question = &script.question;
    let called: rquickjs::Result<Value<'_>> =
        find.call((question.url.as_str(), question.host.as_str()));
    let result = called.catch(ctx).map_err(Defect::of)?;
    let text = result.as_string().ok_or(Defect::NoText)?;
    text.to_string().map_err(|_| Defect::NoText)
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
    fn of(error: CaughtError<'_>) -> Self {
        let message = match error {
            CaughtError::Exception(exception) => exception.message().unwrap_or_default(),
            // What the engine throws when it has no memory for an error.
            CaughtError::Value(value) if value.is_null() => "null, as without memory".to_owned(),
            CaughtError::Value(value) => match value.as_string().map(rquickjs::String::to_string) {
                Some(Ok(text)) => text,
                Some(Err(_)) | None => "a value that is no text".to_owned(),
            },
            CaughtError::Error(error) => error.to_string(),
        };
        Self::Thrown(message.chars().take(MAX_MESSAGE_CHARS).collect())
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
