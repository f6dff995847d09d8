using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DataLake.Iceberg.Json;

/// <summary>From UTF-8 JSON to a value and back. Output has no white space, and the same value always gives the same bytes.</summary>
internal static class JsonText
{
    // A struct in a struct takes three levels; deeper schemas than eighty structs are attacks.
    private const int MaxDepth = 256;

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = MaxDepth };

    public static T Read<T>(ReadOnlyMemory<byte> utf8, string what, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw IcebergException.Corrupt($"The {what} is not valid JSON: {e.Message} Restore the file or read an earlier one.", e);
        }
        catch (InvalidOperationException e)
        {
            // System.Text.Json finds out about invalid UTF-8 and lone surrogates only when a string is taken out.
            throw IcebergException.Corrupt($"The {what} has text that is not valid Unicode: {e.Message} Restore the file or read an earlier one.", e);
        }
    }

    public static byte[] Write(Action<Utf8JsonWriter> write) => WriteOnce(write, 1024).ToArray();

    /// <summary>Writes without a copy; nothing is copied on the way either where the result fits what was expected.</summary>
    public static ReadOnlyMemory<byte> WriteOnce(Action<Utf8JsonWriter> write, int expectedBytes)
    {
        var buffer = new ArrayBufferWriter<byte>(expectedBytes);
        using var writer = new Utf8JsonWriter(buffer, WriterOptions);
        try
        {
            write(writer);
        }
        catch (JsonException e)
        {
            throw new IcebergException(IcebergErrorKind.Invalid, $"A text that was to be JSON is not valid or nests too deep: {e.Message} Correct it.", e);
        }

        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>Writes a map of strings, its keys in ordinal order but for one that may come first.</summary>
    public static void WriteMap(this Utf8JsonWriter writer, string name, IReadOnlyDictionary<string, string> map, string? first = null)
    {
        writer.WriteStartObject(name);
        foreach (var (key, value) in map.OrderBy(entry => entry.Key != first).ThenBy(entry => entry.Key, StringComparer.Ordinal)) writer.WriteString(key, value);
        writer.WriteEndObject();
    }

    public static void WriteNumbers(this Utf8JsonWriter writer, string name, IEnumerable<int> numbers)
    {
        writer.WriteStartArray(name);
        foreach (var number in numbers) writer.WriteNumberValue(number);
        writer.WriteEndArray();
    }
}
