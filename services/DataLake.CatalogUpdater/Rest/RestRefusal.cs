namespace DataLake.CatalogUpdater.Rest;

/// <summary>A request that ends in an error of the REST protocol.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="type">The error's type, for example <c>NoSuchTableException</c>.</param>
/// <param name="message">What is wrong, and what to do.</param>
internal sealed class RestRefusal(int status, string type, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string Type { get; } = type;

    public static RestRefusal BadRequest(string message) => new(400, "BadRequestException", message);

    public static RestRefusal NoNamespace(string @namespace) => new(404, "NoSuchNamespaceException", $"There is no namespace '{@namespace}'.");

    public static RestRefusal NoTable(string table) => new(404, "NoSuchTableException", $"There is no table '{table}'.");
}
