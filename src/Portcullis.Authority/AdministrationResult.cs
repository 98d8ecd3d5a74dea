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

    /// <summary>The same outcome with another value.</summary>
    /// <typeparam name="TOther">The other value's type.</typeparam>
    /// <param name="make">Makes it, when it worked.</param>
    public AdministrationResult<TOther> Select<TOther>(Func<T, TOther> make)
        where TOther : class
        => Succeeded ? AdministrationResult<TOther>.Done(make(Value)) : AdministrationResult<TOther>.Failed(Problem);

    /// <summary>It worked.</summary>
    public static AdministrationResult<T> Done(T value) => new(value, null);

    /// <summary>Nothing was changed, for a reason.</summary>
    public static AdministrationResult<T> Failed(string problem) => new(null, problem);
}
