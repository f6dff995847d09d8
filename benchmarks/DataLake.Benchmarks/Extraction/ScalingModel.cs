namespace DataLake.Benchmarks.Extraction;

/// <summary>
/// What bounds an extraction, as a small model. Each connection is a pipe of two processes, the server's session and our thread, and both need a core. So a connection is as fast as
/// the slower of the two, N connections are N times that, and all together cannot use more processor time than the cores have. The model knows nothing of disks, memory bandwidth,
/// a network, or other work on the machine: it is a lower bound of the time, and the columns beside it show how close it comes here.
/// </summary>
/// <param name="StartSeconds">Time before the first row: the runtime's start.</param>
/// <param name="Millions">Rows, in millions.</param>
/// <param name="ServerCpu">Processor seconds of the server per million rows.</param>
/// <param name="ClientCpu">Processor seconds of our process per million rows, without the runtime's start.</param>
internal sealed record ScalingModel(double StartSeconds, double Millions, double ServerCpu, double ClientCpu)
{
    /// <summary>The least wall time with so many connections on so many cores.</summary>
    public double Seconds(int connections, int cores) => StartSeconds + (Millions * Math.Max(PerConnection / connections, (ServerCpu + ClientCpu) / cores));

    /// <summary>What the time goes by there.</summary>
    public string Bound(int connections, int cores) =>
        PerConnection / connections < (ServerCpu + ClientCpu) / cores ? "cores" : ServerCpu > ClientCpu ? "the server's sessions" : "our threads";

    private double PerConnection => Math.Max(ServerCpu, ClientCpu);
}
