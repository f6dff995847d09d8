namespace DataLake.Postgres.Tests.EmbeddedPostgres;

/// <summary>Stand-ins for PostgreSQL's programs.</summary>
internal static class Programs
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Writes a shell script that says its version, and otherwise does <paramref name="work"/>.</summary>
    internal static void Write(string folder, string name, string version, string work = "exit 1")
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, $"#!/bin/sh\nif [ \"$1\" = --version ]; then echo '{name} (PostgreSQL) {version} (Test 1.2)'; exit 0; fi\n{work}\n");
        File.SetUnixFileMode(path, Executable);
    }
}
