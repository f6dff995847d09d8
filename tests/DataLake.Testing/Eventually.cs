using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace DataLake.Testing;

/// <summary>Waits, within a bound, for a condition; the message of a failure says which one and what was seen last.</summary>
public static class Eventually
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    /// <summary>Waits until the condition holds.</summary>
    public static Task Async(
        Func<bool> condition,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(condition))] string what = "") =>
        ValueAsync(() => Task.FromResult(condition()), holds => holds, timeout, cancellationToken, what);

    /// <summary>Waits until the condition holds.</summary>
    public static Task Async(
        Func<Task<bool>> condition,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(condition))] string what = "") =>
        ValueAsync(condition, holds => holds, timeout, cancellationToken, what);

    /// <summary>Waits until a value is as wanted, and returns it.</summary>
    public static async Task<T> ValueAsync<T>(
        Func<Task<T>> value,
        Func<T, bool> wanted,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(wanted))] string what = "")
    {
        var bound = timeout ?? DefaultTimeout;
        var began = Stopwatch.StartNew();
        while (true)
        {
            var seen = await value();
            if (wanted(seen))
            {
                return seen;
            }

            if (began.Elapsed > bound)
            {
                throw new TimeoutException($"Waited {bound.TotalSeconds:0.##} s in vain for: {what}. Last seen: {seen}");
            }

            await Task.Delay(Poll, cancellationToken);
        }
    }
}
