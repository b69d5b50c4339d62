//! libwebsocket: the WebSocket Protocol Component API of websocket.h for Linux and macOS.
