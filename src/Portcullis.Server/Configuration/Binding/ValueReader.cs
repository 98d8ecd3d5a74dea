using System.Globalization;
using System.Text.Json;
using Portcullis.Access;

namespace Portcullis.Server.Configuration.Binding;

/// <summary>Reads single values, within their bounds. Every way in which one can be wrong has a sentence that says how it is written right.</summary>
internal static class ValueReader
{
    /// <summary>Reads a value.</summary>
    /// <param name="type">What it has to become.</param>
    /// <param name="setting">The setting, for its attributes.</param>
    /// <param name="text">The text.</param>
    /// <param name="problem">What is wrong.</param>
    /// <returns>The value; null when it is wrong.</returns>
    public static object? Read(Type type, Setting setting, string text, out string? problem)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var shown = setting.Has<SecretAttribute>() ? "this" : $"'{Shown.Text(text)}'";
        object? value = Setting.KindOf(type) switch
        {
            SettingKind.Text => text,
            SettingKind.Flag => text switch { "true" => true, "false" => false, _ => null },
            SettingKind.Duration => Durations.TryParse(text, out var duration) ? duration : null,
            SettingKind.Number when setting.Has<SizeAttribute>() => Sizes.TryParse(text, out var bytes) ? bytes : null,
            SettingKind.Number => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null,
            SettingKind.Choice => Words(type).Contains(text) ? Enum.Parse(type, text, ignoreCase: true) : null,
            _ => null,
        };
        problem = value is null ? $"{shown} {Expected(type, setting, text)}" : Outside(setting, value, shown);
        if (problem is null && value is long large && type == typeof(int))
        {
            value = large <= int.MaxValue ? (int)large : null;
            problem = value is null ? $"{shown} is too large" : null;
        }
        return problem is null ? value : null;
    }

    /// <summary>The words of an enumeration, as settings write them.</summary>
    public static IReadOnlyList<string> Words(Type choice) => [.. Enum.GetNames(Nullable.GetUnderlyingType(choice) ?? choice).Select(JsonNamingPolicy.CamelCase.ConvertName)];

    private static string Expected(Type type, Setting setting, string text) => Setting.KindOf(type) switch
    {
        SettingKind.Flag => "is neither true nor false",
        SettingKind.Duration => "is no duration; write 90s, 15m, 1h30m or 30d",
        SettingKind.Number when setting.Has<SizeAttribute>() => "is no size; write a number of bytes, or 64KiB, 20MiB, 2GiB",
        SettingKind.Number => "is no whole number",
        _ => NotOneOf(Words(type), text),
    };

    private static string NotOneOf(IReadOnlyList<string> words, string text) => Spelling.Nearest(text, words) is { } nearest
        ? $"is not known here; did you mean '{nearest}'?"
        : $"is not known here; write one of {string.Join(", ", words)}";

    private static string? Outside(Setting setting, object value, string shown)
    {
        if (value is string text)
        {
            return setting.Attribute<OneOfAttribute>() is { } words && !words.Words.Contains(text) ? $"{shown} {NotOneOf(words.Words, text)}"
                : text.Contains('\0') ? $"{shown} holds a NUL character"
                : null;
        }
        if (setting.Attribute<BetweenAttribute>() is not { } bounds)
        {
            return null;
        }
        var (least, most) = (Bound(setting, value, bounds.Least), Bound(setting, value, bounds.Most));
        var compared = Comparer<object>.Create((left, right) => ((IComparable)left).CompareTo(right));
        if (bounds.OrZero && value is 0L or TimeSpan { Ticks: 0 } && bounds.OrZero)
        {
            return null;
        }
        return compared.Compare(value, least) < 0 || compared.Compare(value, most) > 0
            ? $"{shown} is outside of {bounds.Least} to {bounds.Most}{(bounds.OrZero ? ", or 0" : "")}"
            : null;
    }

    private static object Bound(Setting setting, object like, string text) => like switch
    {
        TimeSpan => Durations.TryParse(text, out var duration) ? duration : throw new FormatException(text),
        _ when setting.Has<SizeAttribute>() => Sizes.TryParse(text, out var bytes) ? bytes : throw new FormatException(text),
        _ => long.Parse(text, CultureInfo.InvariantCulture),
    };
}
