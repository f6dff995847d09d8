using System.Diagnostics;
using System.Runtime.InteropServices;
using DataLake.EmbeddedPostgres;
using Npgsql;

namespace DataLake.Postgres.Tests.EmbeddedPostgres;

/// <summary>
/// A program that hosts a server, to be killed: its arguments are the folder, and what it does once the server answers.
/// It writes the server's process id, then that of its other child when it has one.
/// </summary>
internal static class HostProgram
{
    internal const string Command = "host-a-server";

    internal static async Task<int> RunAsync(string[] args)
    {
        var (folder, behaviour) = (args[0], args[1]);
        await using var server = await EmbeddedPostgresServer.StartAsync(new EmbeddedPostgresOptions
        {
            DataDirectory = folder,
            ProgramsFolder = args.ElementAtOrDefault(2),
            Settings = new Dictionary<string, string> { ["fsync"] = "off" },
        });
        Console.WriteLine(server.ProcessId);

        // The test that started this program was killed itself.
        _ = Task.Run(() =>
        {
            Console.In.ReadToEnd();
            Environment.Exit(1);
        });

        switch (behaviour)
        {
            case "wait":
                await Task.Delay(Timeout.Infinite);
                break;

            case "wait-with-a-child":
                using (var child = Process.Start(new ProcessStartInfo("sleep", ["30"]) { RedirectStandardInput = true })!)
                {
                    Console.WriteLine(child.Id);
                    await Task.Delay(Timeout.Infinite);
                }

                break;

            case "throw":
                ThreadPool.QueueUserWorkItem(_ => throw new InvalidOperationException("This host fails on purpose."));
                await Task.Delay(Timeout.Infinite);
                break;

            case "use-the-server-after-ctrl-c":
                var pressed = new TaskCompletionSource();
                using (PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
                {
                    context.Cancel = true;
                    pressed.SetResult();
                }))
                {
                    Console.WriteLine("listening");
                    await pressed.Task;
                    await using var connection = new NpgsqlConnection(server.ConnectionString("postgres"));
                    await connection.OpenAsync();
                    Console.WriteLine("the server still answers");
                }

                break;
        }

        return 0;
    }
}
