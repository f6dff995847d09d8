namespace DataLake.AppHost.Embedded;

/// <summary>Something that the person who started the system has to correct.</summary>
internal sealed class InvalidInputException(string message) : Exception(message);
