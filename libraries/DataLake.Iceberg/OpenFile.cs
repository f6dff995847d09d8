namespace DataLake.Iceberg;

/// <summary>Opens a file of a table to be read. Every call gives a stream of its own; calls may come from several threads at once.</summary>
/// <param name="location">The full location, as the manifest has it.</param>
/// <param name="cancellation">Stops the call.</param>
/// <returns>The file from position 0 to its end; it can seek. Whoever asked disposes it.</returns>
public delegate ValueTask<Stream> OpenFile(string location, CancellationToken cancellation);
