using System.IO.Compression;
using System.Text.Json;

namespace DataLake.Aws.Tests.Models;

/// <summary>
/// The official model of a service of the JSON protocol, as botocore carries it (<c>service-2.json</c>): tells what is wrong with a request or an answer. Debian has the models in
/// python3-botocore; elsewhere <c>DATALAKE_BOTOCORE_DATA</c> names botocore's data folder.
/// </summary>
internal sealed class ServiceModel
{
    private static readonly string Data = Environment.GetEnvironmentVariable("DATALAKE_BOTOCORE_DATA") ?? "/usr/lib/python3/dist-packages/botocore/data";

    private readonly JsonElement model;
    private readonly ShapeCheck shapes;

    private ServiceModel(JsonElement model) => (this.model, shapes) = (model, new ShapeCheck(model.GetProperty("shapes")));

    /// <summary>The service's entry, for example <c>jsonVersion</c> of its protocol or <c>targetPrefix</c> of its operations; null where it has none.</summary>
    public string? Metadata(string name) => model.GetProperty("metadata").TryGetProperty(name, out var value) ? value.GetString() : null;

    /// <summary>The newest model of a service by its folder's name, for example <c>glue</c>; the running test is skipped where models are missing.</summary>
    public static ServiceModel Load(string service)
    {
        Assert.SkipWhen(PathOf(service) is null, $"The official model of {service} is not in {Data}: install python3-botocore, or set DATALAKE_BOTOCORE_DATA.");
        var path = PathOf(service)!;
        using var file = File.OpenRead(path);
        using var text = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
        using var json = JsonDocument.Parse(text);
        return new ServiceModel(json.RootElement.Clone());
    }

    /// <summary>Whether there is a model of a service.</summary>
    public static bool IsThere(string service) => PathOf(service) is not null;

    /// <summary>A model from its JSON.</summary>
    public static ServiceModel Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return new ServiceModel(document.RootElement.Clone());
    }

    public bool Has(string operation) => model.GetProperty("operations").TryGetProperty(operation, out _);

    /// <summary>What is wrong with an operation's input; empty where nothing is.</summary>
    public IReadOnlyList<string> InputFaults(string operation, JsonElement input) => Faults(operation, "input", input);

    /// <summary>What is wrong with an operation's answer.</summary>
    public IReadOnlyList<string> OutputFaults(string operation, JsonElement output) => Faults(operation, "output", output);

    /// <summary>Whether an operation can end in an error, by the model. Errors that every service has (access, throttling) are not in models.</summary>
    public bool CanFailWith(string operation, string error) =>
        model.GetProperty("operations").GetProperty(operation).GetProperty("errors").EnumerateArray().Any(entry => entry.GetProperty("shape").GetString() == error);

    private static string? PathOf(string service) => Path.Combine(Data, service) is var folder && Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "service-2.json*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).LastOrDefault() : null;

    private IReadOnlyList<string> Faults(string operation, string side, JsonElement value)
    {
        if (!Has(operation)) return [$"there is no operation {operation}"];
        if (!model.GetProperty("operations").GetProperty(operation).TryGetProperty(side, out var shape)) return value.EnumerateObject().Any() ? [$"{operation} has no {side}"] : [];
        return shapes.Faults(shape.GetProperty("shape").GetString()!, value, operation);
    }
}
