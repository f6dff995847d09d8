using System.Buffers.Binary;
using System.Text;

namespace DataLake.Postgres.Tests.Wire;

/// <summary>Messages as a server sends them.</summary>
internal static class ServerBytes
{
    public static readonly byte[] Accepted = Authentication(0);
    public static readonly byte[] Ready = Message('Z', (byte)'I');
    public static readonly byte[] CopyOut = Message('H', 1, 0, 1, 0, 1);
    public static readonly byte[] CopyDone = Message('c');

    /// <summary>A log-in without a password, as far as the first ReadyForQuery.</summary>
    public static readonly byte[] LoggedIn = [.. Accepted, .. Message('S', [.. "server_version\015\0"u8]), .. Message('K', 0, 0, 0, 7, 1, 2, 3, 4), .. Ready];

    public static byte[] Message(char type, params byte[] body) => [(byte)type, .. Int32(body.Length + 4), .. body];

    public static byte[] Authentication(int kind, params byte[] data) => Message('R', [.. Int32(kind), .. data]);

    public static byte[] Sasl(params string[] mechanisms) => Authentication(10, [.. mechanisms.SelectMany(Text), 0]);

    public static byte[] Row(params string?[] values) =>
        Message('D', [0, (byte)values.Length, .. values.SelectMany(value => value is null ? Int32(-1) : [.. Int32(Encoding.UTF8.GetByteCount(value)), .. Encoding.UTF8.GetBytes(value)])]);

    public static byte[] Complete(string tag) => Message('C', Text(tag));

    public static byte[] Error(string state, string message, string severity = "ERROR") => Message('E', [.. Text("S" + severity), .. Text("C" + state), .. Text("M" + message), 0]);

    public static byte[] Notice(string message) => Message('N', [.. Text("SNOTICE"), .. Text("M" + message), 0]);

    /// <summary>The answer to a query of one column.</summary>
    public static byte[] Answer(params string?[] values) => [.. Message('1'), .. Message('2'), .. values.SelectMany(value => Row(value)), .. Complete($"SELECT {values.Length}"), .. Ready];

    public static byte[] CopyData(params byte[] data) => Message('d', data);

    public static byte[] Int32(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    public static byte[] Text(string text) => [.. Encoding.UTF8.GetBytes(text), 0];
}
