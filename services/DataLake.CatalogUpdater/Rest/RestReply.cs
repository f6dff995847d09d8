using System.Text.Encodings.Web;
using System.Text.Json;

namespace DataLake.CatalogUpdater.Rest;

/// <summary>Answers in the forms of the REST protocol.</summary>
internal static class RestReply
{
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        using var body = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(body, WriterOptions))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), context.RequestAborted);
        }
    }

    /// <summary>An error (<c>IcebergErrorResponse</c>).</summary>
    public static Task WriteErrorAsync(HttpContext context, int status, string type, string message) => WriteAsync(context, status, writer =>
    {
        writer.WriteStartObject("error");
        writer.WriteString("message", message);
        writer.WriteString("type", type);
        writer.WriteNumber("code", status);
        writer.WriteEndObject();
    });

    public static void WriteLevels(this Utf8JsonWriter writer, IEnumerable<string> levels)
    {
        writer.WriteStartArray();
        foreach (var level in levels)
        {
            writer.WriteStringValue(level);
        }

        writer.WriteEndArray();
    }
}
