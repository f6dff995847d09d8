using DataLake.Pipelines.Definitions;

namespace DataLake.Pipelines.Secrets;

/// <summary>Turns a reference to a secret into the secret, at the place where it is used. What it returns must not be logged, stored or sent.</summary>
public sealed class SecretResolver
{
    /// <summary>The secret.</summary>
    /// <exception cref="SecretException">It is not there.</exception>
    public string Resolve(SecretReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return reference.Scheme switch
        {
            SecretScheme.Env => Environment.GetEnvironmentVariable(reference.Name) is { Length: > 0 } value
                ? value
                : throw new SecretException($"The environment variable {reference.Name} is not set. Set it before the system is started; the definition refers to it as {reference}."),
            SecretScheme.File => ReadFile(reference),
            _ => throw new SecretException($"{reference} cannot be looked up: this version resolves env: and file: references."),
        };
    }

    private static string ReadFile(SecretReference reference)
    {
        try
        {
            return File.ReadAllText(reference.Name).TrimEnd('\r', '\n');
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SecretException($"The file of the secret {reference} cannot be read: {error.Message} Create it, or correct the reference.");
        }
    }
}
