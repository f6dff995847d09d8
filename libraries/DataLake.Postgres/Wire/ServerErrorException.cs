namespace DataLake.Postgres.Wire;

/// <summary>The server refused something. The connection can be used again unless the server closed it.</summary>
internal sealed class ServerErrorException(ServerError error) : Exception($"{error.Message} ({error.SqlState})")
{
    public ServerError Error { get; } = error;
}
