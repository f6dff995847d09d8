using DataLake.Iceberg.Json;

namespace DataLake.Iceberg.Catalogs.Rest;

/// <summary>What a server answered: small enough, but not believed yet.</summary>
/// <param name="What">What it was asked, for messages: <c>GET https://host/v1/namespaces</c>.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body.</param>
/// <param name="ETag">The version of what it answered with.</param>
/// <param name="RetryAfter">How long it asks to wait.</param>
internal sealed record RestAnswer(string What, int Status, ReadOnlyMemory<byte> Body, string? ETag, TimeSpan? RetryAfter)
{
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>The JSON object in the body, where the request succeeded.</summary>
    public T Read<T>(Func<JsonObjectReader, T> read)
    {
        if (!IsSuccess) throw RestError.Of(this);
        try
        {
            return JsonText.Read(Body, "answer", element => read(new JsonObjectReader(element, "answer")));
        }
        catch (IcebergException e) when (e.Kind == IcebergErrorKind.Corrupt)
        {
            throw new IcebergException(IcebergErrorKind.Corrupt, $"The answer to {What} is not what a REST catalog sends. Check that the address is a catalog's. {e.Message}", e);
        }
    }
}
