using Spectre.Console;

namespace DataLake.Cli.Output;

/// <summary>Tables as text: with colours in a terminal, plain and wide in a pipe.</summary>
internal static class TextOutput
{
    private const int PipeWidth = 200;

    public static void Prepare()
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = PipeWidth;
            AnsiConsole.Profile.Capabilities.Ansi = false;
        }
    }
}
