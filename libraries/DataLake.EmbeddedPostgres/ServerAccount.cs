using System.ComponentModel;
using System.Runtime.Versioning;

namespace DataLake.EmbeddedPostgres;

/// <summary>Who runs the cluster's programs: this account, or an unprivileged one when this is root, whom PostgreSQL refuses.</summary>
/// <param name="Name">The account to change to; null to stay.</param>
[UnsupportedOSPlatform("windows")]
internal sealed record ServerAccount(string? Name)
{
    private static readonly string[] Unprivileged = ["postgres", "nobody"];

    internal static async Task<ServerAccount> ChooseAsync(CancellationToken cancel)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return new ServerAccount(Name: null);
        }

        foreach (var name in Unprivileged)
        {
            var (code, _) = await ProgramRun.ToEndAsync(ProgramRun.Describe("id", ["-u", name], account: null, "/"), input: null, cancel);
            if (code == 0)
            {
                return new ServerAccount(name);
            }
        }

        throw new EmbeddedPostgresException(
            EmbeddedPostgresErrorKind.NotSupported,
            "PostgreSQL does not run as root, and there is no account postgres or nobody to run it as. " +
            "Run as an ordinary user, or create the account (useradd --system postgres).");
    }

    /// <summary>Gives a file or an empty folder to the account.</summary>
    internal async Task GiveAsync(string path, CancellationToken cancel)
    {
        if (Name is null)
        {
            return;
        }

        var (code, output) = await ProgramRun.ToEndAsync(ProgramRun.Describe("chown", ["--", $"{Name}:", path], account: null, "/"), input: null, cancel);
        if (code != 0)
        {
            throw new EmbeddedPostgresException(
                EmbeddedPostgresErrorKind.FolderNotUsable,
                $"{path} could not be given to the account {Name}: {output.Trim()} Choose a folder on a disk that knows owners.");
        }
    }

    /// <summary>Whether the account can walk to the folder.</summary>
    internal async Task<bool> CanReachAsync(string folder, CancellationToken cancel)
    {
        if (Name is null)
        {
            return true;
        }

        try
        {
            // The program starts in the folder, so a closed parent refuses the start itself.
            var (code, _) = await ProgramRun.ToEndAsync(ProgramRun.Describe("/bin/sh", ["-c", "cd -- \"$1\"", "sh", folder], Name, "/"), input: null, cancel);
            return code == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
