using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DataLake.Services.Tests.Notifier;

/// <summary>A server that says what the test wants, for what no honest server does: a greeting, then an answer to each line.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly CancellationTokenSource end = new();
    private readonly List<string> received = [];
    private readonly Task work;

    /// <summary>Starts it. A line is answered by the first whose beginning it has; by nothing where there is none; null hangs up.</summary>
    public ScriptedServer(string greeting, params (string Beginning, string? Answer)[] answers)
        : this(IPAddress.Loopback, greeting, answers)
    {
    }

    public ScriptedServer(IPAddress address, string greeting, params (string Beginning, string? Answer)[] answers)
    {
        listener = new TcpListener(address, 0);
        listener.Start();
        work = RunAsync(greeting, answers);
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>The lines that came in.</summary>
    public IReadOnlyList<string> Received
    {
        get
        {
            lock (received)
            {
                return [.. received];
            }
        }
    }

    public bool IsConnected { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        listener.Dispose();
        await work;
        end.Dispose();
    }

    private async Task RunAsync(string greeting, (string Beginning, string? Answer)[] answers)
    {
        try
        {
            using var client = await listener.AcceptTcpClientAsync(end.Token);
            IsConnected = true;
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.UTF8.GetBytes(greeting), end.Token);
            using var reader = new StreamReader(stream);
            while (await reader.ReadLineAsync(end.Token) is { } line)
            {
                lock (received)
                {
                    received.Add(line);
                }

                var found = answers.Where(entry => line.StartsWith(entry.Beginning, StringComparison.Ordinal)).ToList();
                if (found is [(_, null), ..])
                {
                    return;
                }

                await stream.WriteAsync(Encoding.UTF8.GetBytes(found.FirstOrDefault().Answer ?? ""), end.Token);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The test, or the client, is done.
        }
    }
}
