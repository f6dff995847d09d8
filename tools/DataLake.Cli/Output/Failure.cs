namespace DataLake.Cli.Output;

/// <summary>Something that keeps a command from doing its work; the message says what to do. Ends the command with 2.</summary>
internal sealed class Failure(string message) : Exception(message);
