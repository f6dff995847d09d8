namespace DataLake.Postgres.Wire;

/// <summary>A message of the server.</summary>
/// <param name="Type">Its type byte.</param>
/// <param name="Body">What follows its length.</param>
internal readonly record struct WireMessage(byte Type, byte[] Body);
