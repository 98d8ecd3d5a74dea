using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Portcullis.Server.Configuration.Binding;

/// <summary>What a setting holds.</summary>
internal enum SettingKind
{
    Section,
    List,
    Map,
    Text,
    Choice,
    Flag,
    Number,
    Duration,
}

/// <summary>One setting, seen once for binding, schema and reference alike.</summary>
internal sealed class Setting
{
    private Setting(PropertyInfo property)
    {
        Property = property;
        Key = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
        IsRequired = property.IsDefined(typeof(RequiredMemberAttribute));
    }

    public PropertyInfo Property { get; }

    /// <summary>The key in the file.</summary>
    public string Key { get; }

    public bool IsRequired { get; }

    public Type Type => Property.PropertyType;

    public T? Attribute<T>() where T : Attribute => Property.GetCustomAttribute<T>();

    public bool Has<T>() where T : Attribute => Property.IsDefined(typeof(T));

    /// <summary>The settings of a section, in the order of its class.</summary>
    public static IReadOnlyList<Setting> Of(Type section) => s_known.GetOrAdd(section, static type =>
        [.. type.GetProperties().Where(property => property.CanWrite && property.Name != "EqualityContract").Select(property => new Setting(property))]);

    private static readonly ConcurrentDictionary<Type, Setting[]> s_known = new();

    /// <summary>What a type holds; anything unknown is a mistake in a settings class.</summary>
    public static SettingKind KindOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            _ when type == typeof(string) => SettingKind.Text,
            _ when type == typeof(bool) => SettingKind.Flag,
            _ when type == typeof(int) || type == typeof(long) => SettingKind.Number,
            _ when type == typeof(TimeSpan) => SettingKind.Duration,
            _ when type.IsEnum => SettingKind.Choice,
            _ when type == typeof(IReadOnlyDictionary<string, string>) => SettingKind.Map,
            _ when type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) => SettingKind.List,
            _ when type.Namespace == typeof(PortcullisConfiguration).Namespace => SettingKind.Section,
            _ => throw new NotSupportedException($"no setting can be a {type}"),
        };
    }

    /// <summary>The type of a list's items.</summary>
    public static Type ItemOf(Type list) => list.GetGenericArguments()[0];
}
