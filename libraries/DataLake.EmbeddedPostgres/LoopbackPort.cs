using System.Net;
using System.Net.Sockets;

namespace DataLake.EmbeddedPostgres;

/// <summary>Chooses a port on 127.0.0.1. Whoever binds first has it, so the server's start is tried again when it was lost.</summary>
internal static class LoopbackPort
{
    internal static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    internal static int Choose()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
