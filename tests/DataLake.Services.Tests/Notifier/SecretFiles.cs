using DataLake.Pipelines.Definitions;
using DataLake.Testing;

namespace DataLake.Services.Tests.Notifier;

/// <summary>Secrets in files, and the references to them.</summary>
internal sealed class SecretFiles : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public SecretReference Keep(string name, string secret)
    {
        File.WriteAllText(folder.In(name), secret);
        return SecretReference.Parse($"file:{folder.In(name)}");
    }

    public void Dispose() => folder.Dispose();
}
