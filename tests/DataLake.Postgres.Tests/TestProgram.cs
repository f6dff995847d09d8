using DataLake.Postgres.Tests.EmbeddedPostgres;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace DataLake.Postgres.Tests;

/// <summary>Runs the tests; or, called by a test, is the host of a server that the test then kills.</summary>
internal static class TestProgram
{
    private static Task<int> Main(string[] args) =>
        args is [HostProgram.Command, .. var rest] ? HostProgram.RunAsync(rest)
        : args.Any(arg => arg is "--server" or "--internal-msbuild-node")
            ? TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
        : ConsoleRunner.Run(args);
}
