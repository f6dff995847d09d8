using System.Buffers;
using DataLake.Parquet.Columns;

namespace DataLake.Postgres.Types;

/// <summary>
/// Masks a text: its last four characters (Unicode code points) stay, though never more than half of them; each other becomes <c>*</c>.
/// </summary>
internal sealed class PartialDecoder(ByteArrayColumnBuffer column) : ColumnDecoder(column)
{
    private const int MostShown = 4;
    private readonly ArrayBufferWriter<byte> masked = new();

    internal override KeptForm Form => KeptForm.Replaced;

    internal override void Decode(ReadOnlySpan<byte> value)
    {
        var characters = 0;
        foreach (var part in value)
        {
            characters += IsFirst(part) ? 1 : 0;
        }

        var shown = Math.Min(MostShown, characters / 2);
        var tail = value.Length;
        for (var left = shown; left > 0; left -= IsFirst(value[tail]) ? 1 : 0)
        {
            tail--;
        }

        masked.ResetWrittenCount();
        var hidden = characters - shown;
        masked.GetSpan(hidden)[..hidden].Fill((byte)'*');
        masked.Advance(hidden);
        masked.Write(value[tail..]);
        column.Append(masked.WrittenSpan);
    }

    internal override void WriteKept(Span<byte> value, TupleWriter tuple) => tuple.Value(masked.WrittenSpan);

    // The other bytes of a character in UTF-8 begin with the bits 10 (RFC 3629, section 3).
    private static bool IsFirst(byte part) => (part & 0xC0) != 0x80;
}
