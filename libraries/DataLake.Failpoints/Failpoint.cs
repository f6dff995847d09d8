using System.Diagnostics;

namespace DataLake.Failpoints;

/// <summary>
/// Named places where a test makes the process fail, by the environment variable <c>DATALAKE_FAILPOINT</c>:
/// <c>extractor.files-written=kill</c> ends it as SIGKILL does, <c>…=throw</c> throws, <c>…=kill@2</c> does so the second time the place is passed.
/// Without the variable a place costs one comparison.
/// </summary>
public static class Failpoint
{
    private static readonly Armed? Setting = Armed.Parse(Environment.GetEnvironmentVariable("DATALAKE_FAILPOINT"));

    /// <summary>Fails here if a test wants it.</summary>
    public static void Pass(string name)
    {
        if (Setting is not null && Setting.Name == name)
        {
            Setting.Fire();
        }
    }

    private sealed class Armed(string name, string action, int time)
    {
        private int passes;

        public string Name { get; } = name;

        public static Armed? Parse(string? text)
        {
            if (string.IsNullOrEmpty(text))
            {
                return null;
            }

            var parts = text.Split('=', '@');
            return new Armed(parts[0], parts.ElementAtOrDefault(1) ?? "kill", int.TryParse(parts.ElementAtOrDefault(2), out var time) ? time : 1);
        }

        public void Fire()
        {
            if (Interlocked.Increment(ref passes) != time)
            {
                return;
            }

            if (action == "throw")
            {
                throw new InvalidOperationException($"The failpoint {Name} was reached.");
            }

            Process.GetCurrentProcess().Kill();
            Thread.Sleep(Timeout.Infinite); // The kill arrives; nothing after this place may happen.
        }
    }
}
