package org.openhealthexchange.hapi;

import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** HAPI's JPA server for R4 as HAPI configures it. */
@Configuration
@Import({JpaR4Config.class, StoreConfig.class})
public class R4Config {}
