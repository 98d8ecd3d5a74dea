using System.Diagnostics.CodeAnalysis;

namespace Portcullis.Authority;

/// <summary>What came of an administrator's wish: a value, or a sentence that says why not.</summary>
/// <typeparam name="T">What is handed back when it worked.</typeparam>
public sealed class AdministrationResult<T>
    where T : class
{
    private AdministrationResult(T? value, string? problem) => (Value, Problem) = (value, problem);

    /// <summary>The outcome; null when there is a <see cref="Problem"/>.</summary>
    public T? Value { get; }

    /// <summary>Why nothing was changed, in a sentence for a person; null when it worked.</summary>
    public string? Problem { get; }

    /// <summary>Whether it worked.</summary>
    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Problem))]
    public bool Succeeded => Problem is null;

    internal static AdministrationResult<T> Done(T value) => new(value, null);

    internal static AdministrationResult<T> Failed(string problem) => new(null, problem);
}
