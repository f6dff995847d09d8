using System.Globalization;

namespace DataLake.Testing.Fuzzing;

/// <summary>Runs one case. The input is its own until it returns.</summary>
/// <returns>Why the bytes were refused; null: they were accepted. Anything that breaks a promise is thrown.</returns>
public delegate Exception? FuzzCase(FuzzRandom random, FuzzStream input);

/// <summary>
/// Runs cases over all processors, each from a seed of its own. DATALAKE_TEST_SEED chooses other cases, or those of a failure again; DATALAKE_FUZZ_CASES how many.
/// </summary>
/// <param name="Cases">Cases that ran.</param>
/// <param name="Refused">Cases whose bytes were refused.</param>
public sealed record FuzzRun(long Cases, long Refused)
{
    private const int CasesAtATime = 1000;

    /// <summary>Runs cases.</summary>
    /// <param name="cases">How many, unless DATALAKE_FUZZ_CASES says.</param>
    /// <param name="mostBytes">The most memory that one case may set aside.</param>
    /// <param name="create">Makes what runs cases on one thread.</param>
    /// <exception cref="InvalidOperationException">A case broke a promise; the message has its seed and its bytes.</exception>
    public static FuzzRun Of(int cases, long mostBytes, Func<FuzzCase> create)
    {
        var seed = ulong.Parse(Environment.GetEnvironmentVariable("DATALAKE_TEST_SEED") ?? "20251120", CultureInfo.InvariantCulture);
        cases = int.Parse(Environment.GetEnvironmentVariable("DATALAKE_FUZZ_CASES") ?? cases.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        var refused = 0L;
        var parts = (cases + CasesAtATime - 1) / CasesAtATime;
        Parallel.For(0, parts, () => (Case: create(), Random: new FuzzRandom(), Input: new FuzzStream(), Refused: 0L), (part, _, thread) =>
        {
            for (var number = part * CasesAtATime; number < Math.Min(cases, (part + 1) * CasesAtATime); number++)
            {
                // Seeds of neighbours would give the same numbers, one step apart.
                thread.Random.Start((seed << 32) ^ ((ulong)number * 0xD1342543DE82EF95));
                if (IsRefused(thread.Case, thread.Random, thread.Input, mostBytes, $"Case {number} of seed {seed}"))
                {
                    thread.Refused++;
                }
            }

            return thread;
        }, thread => Interlocked.Add(ref refused, thread.Refused));
        return new FuzzRun(cases, refused);
    }

    private static bool IsRefused(FuzzCase run, FuzzRandom random, FuzzStream input, long mostBytes, string name)
    {
        try
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var refusal = run(random, input);
            var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            return bytes <= mostBytes ? refusal is not null : throw new InvalidOperationException($"It took {bytes:N0} bytes of memory where {mostBytes:N0} are allowed.");
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{name}, in pieces of {input.PieceLength}, broke a promise: {error.Message}\nIts bytes: {Convert.ToHexStringLower(input.Bytes)}", error);
        }
    }
}
