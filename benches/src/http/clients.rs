//! The limit, and other people's libraries.

use std::io::Read;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;

use super::Http;
use crate::arguments::Order;
use crate::contestants::tls::{Connect, ConnectTokio};
use crate::rows::{HTTP_SMALL_BYTES, LARGE_BYTES};
use crate::wire;

/// Blocking calls with the same bytes, that know how long an answer is.
pub(super) struct Raw<S> {
    stream: S,
    request: Vec<u8>,
    answer: Vec<u8>,
    /// Bytes of a small answer, head included.
    small: usize,
}

impl<S: Connect> Http for Raw<S> {
    async fn open(order: &Order) -> Self {
        let mut stream = S::connect(order);
        let request = b"GET /small HTTP/1.1\r\nConnection: Keep-Alive\r\nHost: 127.0.0.1\r\n\r\n";
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        let head = wire::read_until_head(&mut stream, &mut answer).unwrap();
        let small = head + HTTP_SMALL_BYTES;
        let behind = answer.len();
        answer.resize(small.max(behind), 0);
        stream.read_exact(&mut answer[behind..]).unwrap();
        Self {
            stream,
            request: request.to_vec(),
            answer,
            small,
        }
    }

    async fn get(&mut self, path: &str, into: &mut [u8]) -> u64 {
        let Some(mib) = path.strip_prefix("/large/") else {
            self.stream.write_all(&self.request).unwrap();
            self.stream
                .read_exact(&mut self.answer[..self.small])
                .unwrap();
            into.copy_from_slice(&self.answer[self.small - HTTP_SMALL_BYTES..self.small]);
            return HTTP_SMALL_BYTES as u64;
        };
        write!(
            self.stream,
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        )
        .unwrap();
        let length = mib.parse::<u64>().unwrap() * LARGE_BYTES as u64;
        let mut input = Vec::new();
        let head = wire::read_until_head(&mut self.stream, &mut input).unwrap();
        let mut left = length - (input.len() - head) as u64;
        let mut buffer = vec![0; LARGE_BYTES];
        while left > 0 {
            let room = left.min(LARGE_BYTES as u64) as usize;
            left -= self.stream.read(&mut buffer[..room]).unwrap() as u64;
        }
        length
    }

    async fn post(&mut self, path: &str, piece: &[u8], times: u64) {
        let length = piece.len() as u64 * times;
        let stream = &mut self.stream;
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"
        )
        .unwrap();
        for _ in 0..times {
            stream.write_all(piece).unwrap();
        }
        stream.flush().unwrap();
        wire::read_head(stream);
    }
}

/// hyper's connection beside its sender, on one thread.
pub(super) struct Hyper<S> {
    sender: SendRequest<BoxBody<Bytes, std::convert::Infallible>>,
    stream: std::marker::PhantomData<S>,
}

impl<S: ConnectTokio + Send + 'static> Http for Hyper<S> {
    async fn open(order: &Order) -> Self {
        let stream = TokioIo::new(S::connect(order).await);
        let (sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        tokio::task::spawn_local(async move {
            // It ends with the sender.
            let _ = connection.await;
        });
        let stream = std::marker::PhantomData;
        Self { sender, stream }
    }

    async fn get(&mut self, path: &str, into: &mut [u8]) -> u64 {
        let request = hyper::Request::get(path)
            .header(hyper::header::HOST, "127.0.0.1")
            .body(Full::new(Bytes::new()).boxed())
            .unwrap();
        self.sender.ready().await.unwrap();
        let mut body = self.sender.send_request(request).await.unwrap().into_body();
        let mut count = 0;
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame.unwrap().into_data() {
                let at = count as usize;
                if let Some(into) = into.get_mut(at..at + data.len()) {
                    into.copy_from_slice(&data);
                }
                count += data.len() as u64;
            }
        }
        count
    }

    async fn post(&mut self, path: &str, piece: &[u8], times: u64) {
        let piece = Bytes::copy_from_slice(piece);
        let length = piece.len() as u64 * times;
        let pieces = (0..times).map(move |_| Ok(Frame::data(piece.clone())));
        let body = StreamBody::new(futures_util::stream::iter(pieces));
        let request = hyper::Request::post(path)
            .header(hyper::header::HOST, "127.0.0.1")
            .header(hyper::header::CONTENT_LENGTH, length)
            .body(BodyExt::boxed(body))
            .unwrap();
        self.sender.ready().await.unwrap();
        let answer = self.sender.send_request(request).await.unwrap();
        answer.into_body().collect().await.unwrap();
    }
}

pub(super) struct Ureq {
    agent: ureq::Agent,
    base: String,
}

impl Http for Ureq {
    async fn open(order: &Order) -> Self {
        Self {
            agent: ureq::Agent::new_with_defaults(),
            base: format!("http://127.0.0.1:{}", order.port),
        }
    }

    async fn get(&mut self, path: &str, into: &mut [u8]) -> u64 {
        let answer = self
            .agent
            .get(format!("{}{path}", self.base))
            .call()
            .unwrap();
        let mut body = answer.into_body().into_reader();
        if into.is_empty() {
            let mut buffer = vec![0; LARGE_BYTES];
            let mut count = 0;
            loop {
                match body.read(&mut buffer).unwrap() {
                    0 => return count,
                    read => count += read as u64,
                }
            }
        }
        body.read_exact(into).unwrap();
        assert_eq!(body.read(&mut [0]).unwrap(), 0);
        into.len() as u64
    }

    async fn post(&mut self, path: &str, piece: &[u8], times: u64) {
        let mut body = Repeated {
            piece,
            at: 0,
            times,
        };
        let length = piece.len() as u64 * times;
        self.agent
            .post(format!("{}{path}", self.base))
            .header("Content-Length", length.to_string())
            .send(ureq::SendBody::from_reader(&mut body))
            .unwrap();
    }
}

/// A piece so many times.
struct Repeated<'p> {
    piece: &'p [u8],
    at: usize,
    times: u64,
}

impl Read for Repeated<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.times == 0 {
            return Ok(0);
        }
        let rest = &self.piece[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        if self.at == self.piece.len() {
            self.at = 0;
            self.times -= 1;
        }
        Ok(count)
    }
}

pub(super) struct Reqwest {
    client: reqwest::Client,
    base: String,
}

impl Http for Reqwest {
    async fn open(order: &Order) -> Self {
        Self {
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            base: format!("http://127.0.0.1:{}", order.port),
        }
    }

    async fn get(&mut self, path: &str, into: &mut [u8]) -> u64 {
        let answer = self.client.get(format!("{}{path}", self.base)).send().await;
        let mut answer = answer.unwrap();
        let mut count = 0;
        while let Some(data) = answer.chunk().await.unwrap() {
            let at = count as usize;
            if let Some(into) = into.get_mut(at..at + data.len()) {
                into.copy_from_slice(&data);
            }
            count += data.len() as u64;
        }
        count
    }

    async fn post(&mut self, path: &str, piece: &[u8], times: u64) {
        let piece = Bytes::copy_from_slice(piece);
        let length = piece.len() as u64 * times;
        let pieces = (0..times).map(move |_| Ok(Frame::data(piece.clone())));
        let body = StreamBody::new(futures_util::stream::iter(pieces));
        let body: BoxBody<Bytes, std::convert::Infallible> = BodyExt::boxed(body);
        self.client
            .post(format!("{}{path}", self.base))
            .header("Content-Length", length)
            .body(reqwest::Body::wrap(body))
            .send()
            .await
            .unwrap();
    }
}

pub(super) struct Libcurl {
    easy: curl::easy::Easy,
    base: String,
}

impl Http for Libcurl {
    async fn open(order: &Order) -> Self {
        let mut easy = curl::easy::Easy::new();
        easy.buffer_size(512 * 1024).unwrap();
        easy.upload_buffer_size(1024 * 1024).unwrap();
        Self {
            easy,
            base: format!("http://127.0.0.1:{}", order.port),
        }
    }

    async fn get(&mut self, path: &str, into: &mut [u8]) -> u64 {
        self.easy.url(&format!("{}{path}", self.base)).unwrap();
        self.easy.get(true).unwrap();
        let mut count = 0;
        let mut transfer = self.easy.transfer();
        transfer
            .write_function(|data| {
                let at = count as usize;
                if let Some(into) = into.get_mut(at..at + data.len()) {
                    into.copy_from_slice(data);
                }
                count += data.len() as u64;
                Ok(data.len())
            })
            .unwrap();
        transfer.perform().unwrap();
        drop(transfer);
        count
    }

    async fn post(&mut self, path: &str, piece: &[u8], times: u64) {
        self.easy.url(&format!("{}{path}", self.base)).unwrap();
        self.easy.post(true).unwrap();
        self.easy
            .post_field_size(piece.len() as u64 * times)
            .unwrap();
        // No waiting for 100 (Continue).
        let mut fields = curl::easy::List::new();
        fields.append("Expect:").unwrap();
        self.easy.http_headers(fields).unwrap();
        let mut body = Repeated {
            piece,
            at: 0,
            times,
        };
        let mut transfer = self.easy.transfer();
        transfer
            .read_function(|buffer| Ok(body.read(buffer).unwrap()))
            .unwrap();
        transfer.write_function(|data| Ok(data.len())).unwrap();
        transfer.perform().unwrap();
    }
}
