using System.Diagnostics;

namespace DataLake.Storage.Tests;

/// <summary>A disk of a few pages in memory, which only root can mount; unmounted when disposed.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private SmallDisk()
    {
    }

    public string Path => folder.Path;

    /// <summary>Mounts it, or skips the test with the reason.</summary>
    public static SmallDisk Mount(string options)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root on Linux can mount a small disk.");
        var disk = new SmallDisk();
        var problem = Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", disk.Path);
        if (problem.Length > 0)
        {
            disk.folder.Dispose();
            Assert.Skip($"A small disk cannot be mounted: {problem}");
        }

        return disk;
    }

    public void Remount(string options) => Run("mount", "-o", $"remount,{options}", Path).ShouldBeEmpty();

    public void Dispose()
    {
        Run("umount", Path).ShouldBeEmpty();
        folder.Dispose();
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? "" : $"{program} ended with {process.ExitCode}. {errors}";
    }
}
