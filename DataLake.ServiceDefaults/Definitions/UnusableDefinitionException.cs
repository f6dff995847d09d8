namespace DataLake.ServiceDefaults.Definitions;

/// <summary>A stored definition that this version of the program cannot work by. Trying again does not help; the message says what does.</summary>
public sealed class UnusableDefinitionException(string message) : InvalidOperationException(message);
