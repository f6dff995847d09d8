using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Xunit;

namespace DataLake.Services.Tests.Notifier;

/// <summary>A mail that the listener received, read by a parser that shares no code with DataLake.</summary>
internal sealed record ReceivedMail(
    string EnvelopeFrom,
    IReadOnlyList<string> EnvelopeTo,
    bool IsEncrypted,
    string? Login,
    string From,
    IReadOnlyList<string> To,
    string Subject,
    string Text,
    string MessageId,
    IReadOnlyList<string> Headers,
    int LongestLine);

/// <summary>How the listener behaves, see tests/listeners/smtp.mjs.</summary>
internal sealed record SmtpListenerOptions(string Mode = "plain", SmtpLogin? Login = null, IReadOnlyList<string>? Refuse = null, string? Key = null, string? Cert = null);

/// <summary>Who may send.</summary>
internal sealed record SmtpLogin(string Username, string Password, string Method);

/// <summary>A real mail server (nodemailer's smtp-server) in a process of its own, ended with the test.</summary>
internal sealed class SmtpListener : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly string Folder = FindFolder();
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly Process process;
    private readonly Channel<ReceivedMail> mails = Channel.CreateUnbounded<ReceivedMail>();

    private SmtpListener(Process process) => this.process = process;

    public int Port { get; private set; }

    /// <summary>How many mails came and were not taken by <see cref="NextMailAsync"/>.</summary>
    public int Waiting => mails.Reader.Count;

    public static async Task<SmtpListener> StartAsync(SmtpListenerOptions? options = null)
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules", "smtp-server")))
        {
            Assert.Skip("The packages of tests/listeners are not installed: npm is missing, or could not install them.");
        }

        var listener = new SmtpListener(StartProcess(JsonSerializer.Serialize(options ?? new SmtpListenerOptions(), Json)));
        var first = await listener.process.StandardOutput.ReadLineAsync().WaitAsync(Patience)
            ?? throw new InvalidOperationException($"The mail server did not start: {await listener.process.StandardError.ReadToEndAsync()}");
        listener.Port = JsonDocument.Parse(first).RootElement.GetProperty("port").GetInt32();
        _ = listener.ReadMailsAsync();
        return listener;
    }

    public async Task<ReceivedMail> NextMailAsync() => await mails.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(Patience);
        process.Dispose();
    }

    private static Process StartProcess(string options)
    {
        var start = new ProcessStartInfo("node")
        {
            ArgumentList = { Path.Combine(Folder, "smtp.mjs"), options },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            Assert.Skip($"Node.js is not installed: {error.Message}");
            throw;
        }
    }

    private async Task ReadMailsAsync()
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            mails.Writer.TryWrite(JsonSerializer.Deserialize<ReceivedMail>(line, Json)!);
        }

        mails.Writer.TryComplete();
    }

    private static string FindFolder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "DataLake.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder?.FullName ?? throw new InvalidOperationException("DataLake.sln is not above the tests."), "tests", "listeners");
    }
}
