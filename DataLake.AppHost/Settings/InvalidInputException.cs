namespace DataLake.AppHost.Settings;

/// <summary>Something that the person who started the system has to correct.</summary>
internal sealed class InvalidInputException(string message) : Exception(message);
