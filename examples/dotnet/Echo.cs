// Sends a message over a WebSocket and prints what comes back: an asynchronous session in C#.
//
//     mono Echo.exe HOST PORT PATH MESSAGE
//
// Builds with Mono's mcs and with .NET, for Windows and here.
using System;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

static class WinHttp
{
    const string Library = "winhttp.dll";

    public const uint AccessTypeAutomaticProxy = 4;
    public const uint FlagAsync = 0x10000000;
    public const uint OptionUpgradeToWebSocket = 114;
    public const uint OptionContextValue = 45;
    public const uint AllNotifications = 0xFFFFFFFF;
    public const uint StatusHandleClosing = 0x00000800;
    public const uint StatusHeadersAvailable = 0x00020000;
    public const uint StatusReadComplete = 0x00080000;
    public const uint StatusWriteComplete = 0x00100000;
    public const uint StatusRequestError = 0x00200000;
    public const uint StatusSendRequestComplete = 0x00400000;
    public const uint StatusCloseComplete = 0x02000000;
    public const int Utf8Message = 2;
    public const int Utf8Fragment = 3;
    public const ushort SuccessCloseStatus = 1000;

    [UnmanagedFunctionPointer(CallingConvention.Winapi)]
    public delegate void StatusCallback(IntPtr handle, IntPtr context, uint status, IntPtr information, uint length);

    // The last error is errno for Marshal.GetLastWin32Error on Linux and macOS; this library keeps both alike.
    [DllImport(Library, CharSet = CharSet.Unicode, SetLastError = true, ExactSpelling = true)]
    public static extern IntPtr WinHttpOpen(string agent, uint access, string proxy, string bypass, uint flags);

    [DllImport(Library, CharSet = CharSet.Unicode, SetLastError = true, ExactSpelling = true)]
    public static extern IntPtr WinHttpConnect(IntPtr session, string host, ushort port, uint reserved);

    [DllImport(Library, CharSet = CharSet.Unicode, SetLastError = true, ExactSpelling = true)]
    public static extern IntPtr WinHttpOpenRequest(IntPtr connection, string verb, string path, string version,
        string referrer, IntPtr types, uint flags);

    [DllImport(Library, SetLastError = true, ExactSpelling = true)]
    public static extern bool WinHttpSetOption(IntPtr handle, uint option, IntPtr value, uint length);

    [DllImport(Library, EntryPoint = "WinHttpSetOption", SetLastError = true, ExactSpelling = true)]
    public static extern bool WinHttpSetPointer(IntPtr handle, uint option, ref IntPtr value, uint length);

    [DllImport(Library, SetLastError = true, ExactSpelling = true)]
    public static extern IntPtr WinHttpSetStatusCallback(IntPtr handle, StatusCallback callback, uint flags,
        IntPtr reserved);

    [DllImport(Library, CharSet = CharSet.Unicode, SetLastError = true, ExactSpelling = true)]
    public static extern bool WinHttpSendRequest(IntPtr request, string headers, uint length, IntPtr optional,
        uint optionalLength, uint totalLength, IntPtr context);

    [DllImport(Library, SetLastError = true, ExactSpelling = true)]
    public static extern bool WinHttpReceiveResponse(IntPtr request, IntPtr reserved);

    [DllImport(Library, SetLastError = true, ExactSpelling = true)]
    public static extern IntPtr WinHttpWebSocketCompleteUpgrade(IntPtr request, IntPtr context);

    [DllImport(Library, ExactSpelling = true)]
    public static extern int WinHttpWebSocketSend(IntPtr socket, int type, IntPtr buffer, uint length);

    [DllImport(Library, ExactSpelling = true)]
    public static extern int WinHttpWebSocketReceive(IntPtr socket, IntPtr buffer, uint length, IntPtr read, IntPtr type);

    [DllImport(Library, ExactSpelling = true)]
    public static extern int WinHttpWebSocketClose(IntPtr socket, ushort status, IntPtr reason, uint length);

    [DllImport(Library, SetLastError = true, ExactSpelling = true)]
    public static extern bool WinHttpCloseHandle(IntPtr handle);

    [DllImport(Library, ExactSpelling = true)]
    static extern uint WinHttpShimGetErrorDetailUtf8(uint error, byte[] text, ref uint size);

    // An error with what is behind it, as far as the library knows. To be called where the error is
    // met: on the thread of the call that failed, or inside the callback that is told of it.
    public static Win32Exception Failure(int error)
    {
        string words = "error " + error;
        var text = new byte[8192]; // WINHTTP_SHIM_ERROR_DETAIL_MAX
        uint size = (uint)text.Length;
        try {
            if (WinHttpShimGetErrorDetailUtf8((uint)error, text, ref size) == 0)
                words += ": " + Encoding.UTF8.GetString(text, 0, (int)size);
        } catch (EntryPointNotFoundException) {
            // Windows' library has no such function.
        }
        return new Win32Exception(error, words);
    }
}

// One conversation. Native code holds a GCHandle to it as its context, until the session's last notification.
class Conversation
{
    const int BufferSize = 4096;

    // Native code calls it as long as any session lives; a delegate that nobody holds would be collected.
    static readonly WinHttp.StatusCallback Callback = OnStatus;

    readonly ManualResetEvent ended = new ManualResetEvent(false);
    readonly StringBuilder answer = new StringBuilder();
    readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    readonly byte[] message;
    GCHandle self;
    IntPtr session, connection, request, socket;
    IntPtr buffer; // for both directions, one after the other; freed when nothing can use it any more
    bool notified, ending;
    Win32Exception failure;

    Conversation(string text)
    {
        message = Encoding.UTF8.GetBytes(text);
        buffer = Marshal.AllocHGlobal(Math.Max(BufferSize, message.Length));
        self = GCHandle.Alloc(this);
    }

    // The answer; throws what went wrong, with Windows' number and the library's words.
    public static string Run(string host, ushort port, string path, string text)
    {
        var conversation = new Conversation(text);
        try {
            conversation.Start(host, port, path);
        } catch (Win32Exception failure) {
            conversation.End(failure);
        }
        conversation.ended.WaitOne();
        if (conversation.failure != null)
            throw conversation.failure;
        return conversation.answer.ToString();
    }

    static IntPtr Made(IntPtr handle)
    {
        if (handle == IntPtr.Zero)
            throw WinHttp.Failure(Marshal.GetLastWin32Error());
        return handle;
    }

    static void Done(bool success)
    {
        Made(success ? new IntPtr(1) : IntPtr.Zero);
    }

    void Start(string host, ushort port, string path)
    {
        IntPtr context = GCHandle.ToIntPtr(self);
        session = Made(WinHttp.WinHttpOpen("Echo.cs", WinHttp.AccessTypeAutomaticProxy, null, null, WinHttp.FlagAsync));
        Done(WinHttp.WinHttpSetPointer(session, WinHttp.OptionContextValue, ref context, (uint)IntPtr.Size));
        WinHttp.WinHttpSetStatusCallback(session, Callback, WinHttp.AllNotifications, IntPtr.Zero);
        notified = true;
        connection = Made(WinHttp.WinHttpConnect(session, host, port, 0));
        request = Made(WinHttp.WinHttpOpenRequest(connection, "GET", path, null, null, IntPtr.Zero, 0));
        Done(WinHttp.WinHttpSetOption(request, WinHttp.OptionUpgradeToWebSocket, IntPtr.Zero, 0));
        Done(WinHttp.WinHttpSendRequest(request, null, 0, IntPtr.Zero, 0, 0, context));
    }

    // On the session's callback thread: it must neither wait nor throw.
    static void OnStatus(IntPtr handle, IntPtr context, uint status, IntPtr information, uint length)
    {
        if (context == IntPtr.Zero)
            return;
        var conversation = (Conversation)GCHandle.FromIntPtr(context).Target;
        try {
            conversation.Handle(handle, status, information);
        } catch (Win32Exception failure) {
            conversation.End(failure);
        }
    }

    void Handle(IntPtr handle, uint status, IntPtr information)
    {
        switch (status) {
        case WinHttp.StatusSendRequestComplete:
            Done(WinHttp.WinHttpReceiveResponse(handle, IntPtr.Zero));
            break;
        case WinHttp.StatusHeadersAvailable:
            socket = Made(WinHttp.WinHttpWebSocketCompleteUpgrade(handle, GCHandle.ToIntPtr(self)));
            Marshal.Copy(message, 0, buffer, message.Length);
            Check(WinHttp.WinHttpWebSocketSend(socket, WinHttp.Utf8Message, buffer, (uint)message.Length));
            break;
        case WinHttp.StatusWriteComplete:
            Check(WinHttp.WinHttpWebSocketReceive(handle, buffer, BufferSize, IntPtr.Zero, IntPtr.Zero));
            break;
        case WinHttp.StatusReadComplete:
            Read(handle, Marshal.ReadInt32(information), Marshal.ReadInt32(information, 4));
            break;
        case WinHttp.StatusCloseComplete:
            End(null);
            break;
        case WinHttp.StatusRequestError: // WINHTTP_ASYNC_RESULT: a pointer's size, then the error
            End(WinHttp.Failure(Marshal.ReadInt32(information, IntPtr.Size)));
            break;
        case WinHttp.StatusHandleClosing:
            if (handle == session)
                Free();
            break;
        }
    }

    static void Check(int result)
    {
        if (result != 0)
            throw WinHttp.Failure(result);
    }

    void Read(IntPtr handle, int length, int type)
    {
        var bytes = new byte[length];
        Marshal.Copy(buffer, bytes, 0, length);
        var characters = new char[decoder.GetCharCount(bytes, 0, length)];
        answer.Append(characters, 0, decoder.GetChars(bytes, 0, length, characters, 0));
        if (type == WinHttp.Utf8Fragment)
            Check(WinHttp.WinHttpWebSocketReceive(handle, buffer, BufferSize, IntPtr.Zero, IntPtr.Zero));
        else
            Check(WinHttp.WinHttpWebSocketClose(handle, WinHttp.SuccessCloseStatus, IntPtr.Zero, 0));
    }

    // Closes everything; the last notifications follow, the session's last of all. What is cancelled by this ends with an
    // error of its own, which is none.
    void End(Win32Exception reason)
    {
        if (ending)
            return;
        ending = true;
        failure = reason;
        foreach (IntPtr handle in new[] { socket, request, connection, session })
            if (handle != IntPtr.Zero)
                WinHttp.WinHttpCloseHandle(handle);
        if (!notified)
            Free();
    }

    void Free()
    {
        Marshal.FreeHGlobal(buffer);
        self.Free();
        ended.Set();
    }
}

static class Program
{
    static int Main(string[] arguments)
    {
        if (arguments.Length != 4) {
            Console.Error.WriteLine("usage: Echo HOST PORT PATH MESSAGE");
            return 2;
        }
        try {
            Console.OutputEncoding = new UTF8Encoding(false);
            string answer = Conversation.Run(arguments[0], ushort.Parse(arguments[1]), arguments[2], arguments[3]);
            Console.WriteLine("received: " + answer);
            if (answer == arguments[3])
                return 0;
            Console.Error.WriteLine("that is not what was sent");
            return 1;
        } catch (Win32Exception failure) {
            Console.Error.WriteLine("failed: " + failure.Message);
            return 1;
        }
    }
}
