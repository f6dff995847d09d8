using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using DataLake.Catalogs;
using DataLake.EmbeddedPostgres;
using DataLake.Iceberg;
using DataLake.Ledger;
using DataLake.Pipelines.Secrets;
using DataLake.Storage;

namespace DataLake.Cli.Output;

/// <summary>How every command ends: results on standard output (text, or JSON for programs), one clear error on standard error.</summary>
internal static class CommandOutput
{
    /// <summary>All went well.</summary>
    public const int Ok = 0;

    /// <summary>The command did its work, and what it looked at is not well.</summary>
    public const int NotWell = 1;

    /// <summary>The command could not do its work.</summary>
    public const int CannotWork = 2;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static void WriteJson<T>(T value) => Console.WriteLine(JsonSerializer.Serialize(value, Json));

    public static async Task<int> GuardAsync(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (Exception error) when (error is Failure or LedgerException or EmbeddedPostgresException or IcebergException or StorageException or CatalogSettingsException or SecretException)
        {
            Console.Error.WriteLine($"error: {error.Message}");
            return CannotWork;
        }
        catch (Exception error) when (LedgerException.IsTrouble(error))
        {
            Console.Error.WriteLine($"error: The ledger's database stopped answering: {error.GetBaseException().Message} Try again, or check it with --ledger.");
            return CannotWork;
        }
    }
}
