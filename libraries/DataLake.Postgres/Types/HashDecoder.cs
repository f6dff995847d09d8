using System.Security.Cryptography;
using System.Text;
using DataLake.Parquet.Columns;

namespace DataLake.Postgres.Types;

/// <summary>Masks a value: HMAC-SHA-256 of its text under the pipeline's key, as 64 hexadecimal digits. Equal values stay equal, so joins survive.</summary>
internal sealed class HashDecoder(ByteArrayColumnBuffer column, byte[] key) : ColumnDecoder(column)
{
    private readonly byte[] text = new byte[2 * HMACSHA256.HashSizeInBytes];

    internal override KeptForm Form => KeptForm.Replaced;

    internal override void Decode(ReadOnlySpan<byte> value)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, value, hash);
        for (var i = 0; i < hash.Length; i++)
        {
            const string digits = "0123456789abcdef";
            text[2 * i] = (byte)digits[hash[i] >> 4];
            text[(2 * i) + 1] = (byte)digits[hash[i] & 15];
        }

        column.Append(text);
    }

    internal override void WriteKept(Span<byte> value, TupleWriter tuple) => tuple.Value(text);

    /// <summary>The key as bytes.</summary>
    internal static byte[] Key(string secret) => Encoding.UTF8.GetBytes(secret);
}
