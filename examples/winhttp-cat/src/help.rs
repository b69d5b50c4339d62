//! What `--help` says.

/// Shown by `--help`; the README beside this program says the same at length.
pub(crate) const HELP: &str = "\
winhttp-cat talks to a WebSocket server through the WinHTTP C API.

Usage: winhttp-cat [OPTIONS] URL
       winhttp-cat --demo

Lines from standard input are sent as messages; received messages are printed to standard output.
At the end of the input it waits for answers that are still due, then closes properly. On a terminal
lines can be edited and called back; Ctrl-D ends the input. Ctrl-C and SIGTERM close properly, a
second one ends at once.

Connecting
  -H, --header 'NAME: VALUE'  add a header to the upgrade request (repeatable)
  -o, --origin ORIGIN         the header Origin
  -s, --subprotocol NAME      offer a subprotocol (repeatable)
      --auth NAME:PASSWORD    answer the server's 401 with Digest or Basic, whichever it offers (both:
                              Digest); nothing is sent unasked; so does ws://NAME:PASSWORD@HOST/
      --cacert FILE           trust the authorities in this PEM file instead of the system's
  -k, --insecure              accept any certificate of servers, not of proxies
  -L, --location              follow redirects; without it one is the server's refusal
      --connect-timeout SECONDS
                              limit for name look-up, and another for connecting, TLS included

      --proxy LIST            go through this proxy instead of those of the settings and the
                              environment (http_proxy for ws, https_proxy for wss, no_proxy); a
                              list as WinHTTP has it: HOST:PORT, https://HOST:PORT for TLS to the
                              proxy, http=HOST:PORT;https=HOST:PORT for ws and wss
      --proxy-auth NAME:PASSWORD
                              answer the proxy's 407 in the same way as the server's 401

Messages
  -x, --execute MESSAGE       send MESSAGE instead of reading standard input (repeatable)
  -b, --binary                send binary messages: standard input in pieces as it is read, at most
                              64 KiB each (on a terminal and with --null: one for each line or part)
  -0, --null                  messages end with NUL instead of newline, in both directions

Ending
  -w, --wait SECONDS          wait until nothing was sent and nothing came for that long; without it
                              until as many messages came as were sent, or none for 2 seconds
      --expect N              wait until N messages came instead of as many as were sent, or none
                              for 10 seconds; 0 waits for none (also --count)
      --max-messages N        close as soon as N messages came
      --no-close              stay when the input has ended, until the server closes
      --close CODE            status of our close frame (default 1000)
      --reason TEXT           reason in our close frame, at most 123 bytes

      --sync                  use a synchronous session (default: asynchronous)
      --trace                 show heads, payloads and every notification on standard error
      --demo                  start an echo server and talk to it over ws and wss, synchronously
                              and asynchronously; so does a run without arguments and input
  -h, --help                  show this text
  -V, --version               show the version

Exit codes: 0 closed properly; 1 the conversation broke off, or the input cannot be sent; 2 the
command line is wrong; 3 no connection, or the server refused the upgrade; 4 the server closed with
an error status; 5 closed properly, but answers are missing or messages were not sent.";
